// The gated product in one kernel and in two, at the model's sizes: TFLOP/s, sustained until the power limit holds.
#include "bench/harness.h"
#include "kernels/linear_silu_mul.h"
#include "kernels/silu_mul.h"
#include "runtime/timeline.h"

#include <benchmark/benchmark.h>

#include <array>

namespace zimage::bench {
namespace {

constexpr std::int64_t kDim = 3840, kFfn = 10240;
constexpr int kMeasurements = 5, kWeightSets = 4;  // rotated, as a model's layers are
constexpr double kScale = 1.0 / 128;

using Compute = at::Tensor (*)(const at::Tensor& x, const at::Tensor& gate_up);

at::Tensor fused(const at::Tensor& x, const at::Tensor& gate_up) {
  return kernels::fused_linear_silu_mul(x, gate_up, kScale);
}
at::Tensor apart(const at::Tensor& x, const at::Tensor& gate_up) {
  return kernels::silu_mul(at::linear(x, gate_up), kScale);
}

void run(benchmark::State& state, std::int64_t tokens, at::ScalarType dtype, Compute compute) {
  const at::Tensor x = at::randn({tokens, kDim}, on_gpu(dtype));
  std::array<at::Tensor, kWeightSets> weights;
  for (at::Tensor& weight : weights) weight = at::randn({2 * kFfn, kDim}, on_gpu(dtype)).mul_(0.02);
  if (!compute(x, weights[0]).defined()) return state.SkipWithError("no such kernel for this GPU");
  const double tflop = 4e-12 * static_cast<double>(tokens * kDim * kFfn);
  const int launches = static_cast<int>(300 / tflop) + 1;  // about half a second
  for (auto _ : state) {
    Timeline timeline(at::kCUDA);
    timeline.mark();
    for (int i = 0; i < launches; ++i) compute(x, weights[i % kWeightSets]);
    timeline.mark();
    state.SetIterationTime(timeline.seconds()[0] / launches);
  }
  state.counters["TFLOP"] = benchmark::Counter(tflop, benchmark::Counter::kIsIterationInvariantRate);
}

void add(const std::string& name, std::int64_t tokens, at::ScalarType dtype, Compute compute) {
  const std::string full = "linear_silu_mul/" + name + "/" + type_name(dtype) + "/" + std::to_string(tokens);
  benchmark::RegisterBenchmark(full.c_str(), [=](benchmark::State& state) { run(state, tokens, dtype, compute); })
      ->UseManualTime()
      ->Iterations(kMeasurements)
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

void add_linear() {
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
    for (const std::int64_t tokens : {1056, 4128, 4224, 16416}) {
      add("apart", tokens, dtype, apart);
      add("fused", tokens, dtype, fused);
    }
  }
}

}  // namespace zimage::bench
