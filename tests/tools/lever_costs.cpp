// zimage_lever_costs MODEL
//
// What each memory lever saves and costs on GPU 0, in fp16 (the VAE in bf16): one Markdown row for each setting and
// size, with the peak of allocated memory beside the weights and the median time; the VAE's also with what the
// allocator reserved, and how far the picture is from the one without levers.
#include "models/transformer/transformer.h"
#include "models/vae/decoder.h"
#include "runtime/device_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace zimage {
namespace {

const at::Device kDevice{at::kCUDA, 0};
constexpr std::int64_t kPromptTokens = 112, kTimedRuns = 5;

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::uint64_t allocated_now() {
  return static_cast<std::uint64_t>(
      c10::getDeviceAllocator(kDevice.type())->getDeviceStats(0).allocated_bytes[0].current);
}

void release_cache() { c10::getDeviceAllocator(kDevice.type())->emptyCache(); }

struct Cost {
  double peak_mib, reserved_mib, milliseconds;  // peaks beside what was allocated before
  at::Tensor result;
};

// run() must wait for the GPU.
template <typename Run>
Cost measure(Run&& run) {
  run();
  release_cache();
  const std::uint64_t before = allocated_now();
  take_allocator_peak(kDevice);
  at::Tensor result = run();
  const AllocatorPeak peak = take_allocator_peak(kDevice);
  std::vector<double> times;
  for (int i = 0; i < kTimedRuns; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return {mebibytes(peak.allocated - before), mebibytes(peak.reserved - before), times[kTimedRuns / 2], result};
}

void measure_transformer(const Checkpoint& checkpoint, const char* backend, std::vector<std::int64_t> sizes,
                         const plan::ActivationLevers& levers) {
  TransformerConfig config = checkpoint.transformer_config();
  config.levers = levers;
  config.attention = *attention_backend_from_option(backend);
  const Transformer transformer(config, checkpoint.transformer(), transformer_load_spec(kDevice, at::kHalf));
  const StepNorms step = transformer.prepare_steps({0.7f})[0];
  const CaptionContext caption =
      transformer.prepare_captions({at::randn({kPromptTokens, config.cap_feat_dim}, at::device(kDevice))});
  for (const std::int64_t size : sizes) {
    at::manual_seed(1);
    const at::Tensor latents = at::randn({1, config.in_channels, size / 8, size / 8}).to(kDevice);
    const SequencePositions positions = transformer.prepare_positions(size / 8, size / 8, caption);
    const Cost cost = measure([&] { return transformer.forward(latents, step, caption, positions).cpu(); });
    std::printf("| %lld | %s | %lld | %lld | %.0f | %.1f | %.6f |\n", static_cast<long long>(size), backend,
                static_cast<long long>(levers.heads_per_slice), static_cast<long long>(levers.rows_per_chunk),
                cost.peak_mib, cost.milliseconds, cost.result.norm().item<double>());
    std::fflush(stdout);
  }
}

double psnr(const at::Tensor& bytes, const at::Tensor& expected) {
  const double mean = (bytes.to(at::kFloat) - expected.to(at::kFloat)).square().mean().item<double>();
  return mean == 0 ? INFINITY : 10 * std::log10(255 * 255 / mean);
}

void measure_decoder(const Checkpoint& checkpoint, std::int64_t size) {
  at::manual_seed(1);
  const VaeConfig config = checkpoint.vae_config();
  const at::Tensor latents = at::randn({config.latent_channels, size / 8, size / 8}).to(kDevice);
  at::Tensor exact;
  const auto row = [&](const char* name, std::int64_t number, const plan::VaeLevers& levers) {
    VaeConfig run = config;
    run.levers = levers;
    const VaeDecoder decoder(run, checkpoint.vae(), kDevice, at::kBFloat16);
    const Cost cost = measure([&] { return decoder.decode(latents); });
    if (!exact.defined()) exact = cost.result;
    std::printf("| %lld | %s | %lld | %.0f | %.0f | %.1f | %.1f |\n", static_cast<long long>(size), name,
                static_cast<long long>(number), cost.peak_mib, cost.reserved_mib, cost.milliseconds,
                psnr(cost.result, exact));
    std::fflush(stdout);
  };
  row("whole", 0, {});
  for (const std::int64_t rows : {32, 64, 128, 256}) {
    row("strips", rows, {.tiling = plan::VaeTiling::strips, .strip_rows = rows});
  }
  for (const std::int64_t tile : {64, 96}) row("tiles", tile, {.tiling = plan::VaeTiling::tiles, .tile = tile});
}

// cuBLAS's workspace would else lie in the midst of what the first decode reserves.
void claim_workspace() {
  const at::Tensor any = at::ones({64, 64}, at::device(kDevice).dtype(at::kHalf));
  at::mm(any, any);
}

void measure_all(const Checkpoint& checkpoint) {
  claim_workspace();
  std::puts(
      "| size | decode | rows or latents | peak MiB | reserved MiB | ms | PSNR dB |\n|---|---|---|---|---|---|---|");
  for (const std::int64_t size : {1024, 2048}) measure_decoder(checkpoint, size);
  std::puts("| size | attention | heads | rows | peak MiB | ms | norm |\n|---|---|---|---|---|---|---|");
  for (const plan::ActivationLevers levers : {plan::ActivationLevers{0, 0},
                                              {0, 2048},
                                              {0, 1024},
                                              {0, 512},
                                              {10, 0},
                                              {10, 1024},
                                              {6, 1024},
                                              {5, 512},
                                              {2, 512}}) {
    measure_transformer(checkpoint, "auto", {1024, 2048}, levers);
  }
  for (const plan::ActivationLevers levers : {plan::ActivationLevers{0, 0}, {10, 1024}}) {
    measure_transformer(checkpoint, "math", {1024}, levers);
  }
}

}  // namespace
}  // namespace zimage

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: zimage_lever_costs MODEL\n"), 2;
  try {
    const c10::InferenceMode inference;
    at::globalContext().lazyInitDevice(at::kCUDA);
    zimage::measure_all(zimage::Checkpoint(argv[1]));
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "zimage_lever_costs: %s\n", e.what()), 1;
  }
  return 0;
}
