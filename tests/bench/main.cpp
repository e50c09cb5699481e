// zimage_kernel_bench: what each kernel takes on this machine's GPU, and how much of its copy bandwidth it reaches.
// Google Benchmark's options hold, e.g. --benchmark_filter=rms_norm.
#include "bench/harness.h"

#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <cstdio>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  if (!at::hasCUDA()) {
    std::fputs("zimage_kernel_bench: no GPU on this machine\n", stderr);
    return 6;
  }
  const c10::InferenceMode inference;
  zimage::bench::add_kernels();
  zimage::bench::add_image_kernels();
  zimage::bench::add_attention();
  zimage::bench::add_linear();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
