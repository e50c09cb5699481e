#include "bench/harness.h"

#include "runtime/timeline.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>

namespace zimage::bench {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
// More than 4 times the L2 of an H200 (60 MiB) and of every other GPU (a B200 has 126 MiB).
constexpr std::int64_t kRotatedBytes = 640 * kMiB;
constexpr std::size_t kMaxSets = 512;
// In one measurement; the host must give them out while the spacer still runs.
constexpr std::size_t kLaunches = 64;
constexpr int kMeasurements = 15;
constexpr std::int64_t kMuch = 64'000'000;  // bytes
constexpr double kWantedPart = 0.85, kWantedSeconds = 5e-6;
constexpr std::int64_t kSpacerBytes = 4096 * kMiB;

std::int64_t bytes_of(const Work& work, const at::Tensor& output) {
  std::int64_t bytes = output.defined() ? static_cast<std::int64_t>(output.nbytes()) : 0;
  for (const at::Tensor& x : work.read) bytes += static_cast<std::int64_t>(x.nbytes());
  for (const at::Tensor& x : work.updated) bytes += 2 * static_cast<std::int64_t>(x.nbytes());
  return bytes;
}

// Operands and outputs of many launches, used in turn.
class Rotation {
 public:
  explicit Rotation(const std::function<Work()>& make) {
    sets_.push_back(make());
    outputs_.push_back(sets_[0].launch());
    bytes_ = bytes_of(sets_[0], outputs_[0]);
    const std::size_t sets =
        std::clamp<std::size_t>(kRotatedBytes / std::max<std::int64_t>(bytes_, 1) + 1, 2, kMaxSets);
    while (sets_.size() < sets) {
      sets_.push_back(make());
      outputs_.push_back(sets_.back().launch());
    }
  }

  std::int64_t bytes() const { return bytes_; }

  // Seconds of one launch.
  double measure() {
    Timeline timeline(at::kCUDA);
    spacer_to_.copy_(spacer_from_);  // a millisecond, behind which the launches queue up
    timeline.mark();
    for (std::size_t i = 0; i < kLaunches; ++i, next_ = (next_ + 1) % sets_.size()) {
      outputs_[next_] = sets_[next_].launch();
    }
    timeline.mark();
    return timeline.seconds()[0] / kLaunches;
  }

 private:
  std::vector<Work> sets_;
  std::vector<at::Tensor> outputs_;  // kept, so that each launch writes to memory of its own
  std::int64_t bytes_ = 0;
  std::size_t next_ = 0;
  at::Tensor spacer_from_ = at::empty({kSpacerBytes / 2}, on_gpu(at::kByte)), spacer_to_ = at::empty_like(spacer_from_);
};

// Bytes read and written per second by a device-to-device copy of half a GiB, measured once.
double copy_bandwidth() {
  static const double bandwidth = [] {
    Rotation rotation([] {
      const at::Tensor from = at::empty({512 * kMiB}, on_gpu(at::kByte)), to = at::empty_like(from);
      return Work{[=] { return to.copy_(from), at::Tensor(); }, {from, to}};
    });
    double best = 0;
    for (int i = 0; i < 3; ++i) best = std::max(best, static_cast<double>(rotation.bytes()) / rotation.measure());
    return best;
  }();
  return bandwidth;
}

// What a kernel falls short of: a part of the copy bandwidth where much is moved, a few microseconds where little is.
std::string verdict(std::int64_t bytes, double part_of_copy, double seconds) {
  if (bytes >= kMuch) return part_of_copy < kWantedPart ? "below 85 % of the copy" : "";
  return seconds > kWantedSeconds ? "above 5 us" : "";
}

void run(benchmark::State& state, const std::function<Work()>& make) {
  const double copied = copy_bandwidth();
  Rotation rotation(make);
  double seconds = 0;
  for (auto _ : state) {
    const double launch = rotation.measure();
    state.SetIterationTime(launch);
    seconds += launch;
  }
  const double rate = static_cast<double>(rotation.bytes()) * kMeasurements / seconds;
  state.counters["MB"] = static_cast<double>(rotation.bytes()) / 1e6;
  state.counters["GB/s"] = rate / 1e9;
  state.counters["%copy"] = 100 * rate / copied;
  state.SetLabel(verdict(rotation.bytes(), rate / copied, seconds / kMeasurements));
}

}  // namespace

void add(const std::string& name, std::function<Work()> make) {
  benchmark::RegisterBenchmark(name.c_str(), [make = std::move(make)](benchmark::State& state) { run(state, make); })
      ->UseManualTime()
      ->Iterations(kMeasurements)
      ->Unit(benchmark::kMicrosecond);
}

std::string type_name(at::ScalarType dtype) {
  return dtype == at::kHalf ? "f16" : dtype == at::kBFloat16 ? "bf16" : "f32";
}

at::TensorOptions on_gpu(at::ScalarType dtype) { return at::TensorOptions(at::kCUDA).dtype(dtype); }

}  // namespace zimage::bench
