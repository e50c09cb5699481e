// Every attention backend at the model's sizes: milliseconds, and the memory it takes beside its operands.
#include "bench/harness.h"
#include "nn/attention.h"
#include "runtime/timeline.h"

#include <benchmark/benchmark.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <algorithm>

namespace zimage::bench {
namespace {

constexpr std::int64_t kHeadDim = 128;
constexpr int kMeasurements = 7;
constexpr double kMiB = 1 << 20;

struct Sequence {
  std::string name;
  std::int64_t tokens, heads, groups;
  nn::Mask mask;
};

// How many launches make a measurement: a tenth of a second at most of the slowest.
int launches_of(const Sequence& s) { return s.tokens > 8192 ? 2 : s.tokens > 2048 ? 8 : 64; }

struct Peaks {
  std::int64_t before, most;
};

Peaks peaks_of(const std::function<at::Tensor()>& launch) {
  c10::DeviceAllocator* const allocator = at::getDeviceAllocator(at::kCUDA);
  const auto bytes = [&] { return allocator->getDeviceStats(0).allocated_bytes[0]; };
  allocator->resetPeakStats(0);
  const std::int64_t before = bytes().current;
  const at::Tensor out = launch();
  return {before, bytes().peak};
}

double seconds_of(const std::function<at::Tensor()>& launch, int launches) {
  Timeline timeline(at::kCUDA);
  timeline.mark();
  for (int i = 0; i < launches; ++i) launch();
  timeline.mark();
  return timeline.seconds()[0] / launches;
}

void run(benchmark::State& state, const Sequence& s, AttentionBackend backend, at::ScalarType dtype) {
  const at::Tensor qkv = at::randn({s.tokens, s.heads + 2 * s.groups, kHeadDim}, on_gpu(dtype));
  const auto launch = [&] {
    return nn::attention(qkv.narrow(1, 0, s.heads), qkv.narrow(1, s.heads, s.groups),
                         qkv.narrow(1, s.heads + s.groups, s.groups), s.mask, backend);
  };
  const double first = seconds_of(launch, 1);  // with the plan that cuDNN builds for each new length
  const Peaks peaks = peaks_of(launch);
  for (auto _ : state) state.SetIterationTime(seconds_of(launch, launches_of(s)));
  const double pairs = static_cast<double>(s.tokens) * static_cast<double>(s.tokens);
  state.counters["MiB"] = static_cast<double>(peaks.most - peaks.before) / kMiB;
  state.counters["first_ms"] = 1000 * first;
  state.counters["TFLOP"] = benchmark::Counter(4e-12 * pairs * static_cast<double>(s.heads * kHeadDim),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

void add(const Sequence& s, AttentionBackend backend, at::ScalarType dtype) {
  const std::string name = "attention/" + s.name + "/" + std::string(option_name(backend)) + "/" + type_name(dtype);
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { run(state, s, backend, dtype); })
      ->UseManualTime()
      ->Iterations(kMeasurements)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void add_attention() {
  const std::vector<Sequence> sequences{{"512", 1088, 30, 30, nn::Mask::none},
                                        {"1024", 4224, 30, 30, nn::Mask::none},
                                        {"2048", 16512, 30, 30, nn::Mask::none},
                                        {"text", 110, 32, 8, nn::Mask::causal},
                                        {"caption", 128, 30, 30, nn::Mask::none}};
  for (const Sequence& s : sequences) {
    for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
      for (const AttentionBackend backend :
           {AttentionBackend::cudnn, AttentionBackend::flash, AttentionBackend::efficient, AttentionBackend::math}) {
        add(s, backend, dtype);
      }
    }
  }
}

}  // namespace zimage::bench
