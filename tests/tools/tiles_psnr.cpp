// zimage_tiles_psnr MODEL SIZE...
//
// How far VAE tiles are from the decode at once, on pictures that the model draws on the CPU: one Markdown row for each
// size, seed and tile, with the PSNR of the bytes.
#include "zimage/pipeline.h"

#include "models/vae/decoder.h"

#include <c10/core/InferenceMode.h>

#include <array>
#include <cmath>
#include <cstdio>

namespace zimage {
namespace {

// Of models/zimage-demo's world.
constexpr std::array kPrompts{"a red circle on a white background",
                              "a large green heart on a black and white striped background",
                              "a purple square and an orange ring on a gray background"};
constexpr std::array<std::int64_t, 4> kTiles{48, 32, 24, 16};  // latents

double psnr(const at::Tensor& bytes, const at::Tensor& expected) {
  const double mean = (bytes.to(at::kFloat) - expected.to(at::kFloat)).square().mean().item<double>();
  return mean == 0 ? INFINITY : 10 * std::log10(255 * 255 / mean);
}

void measure(Pipeline& pipeline, const Checkpoint& checkpoint, int size) {
  std::uint64_t seed = 0;
  for (const char* prompt : kPrompts) {
    Request request;
    request.prompt = prompt;
    request.seed = ++seed;
    request.width = request.height = size;
    const Latents drawn = pipeline.generate(request).latents;
    const at::Tensor latents = at::tensor(drawn.values).view({drawn.channels, drawn.height, drawn.width});
    const VaeDecoder whole(checkpoint.vae_config(), checkpoint.vae(), at::kCPU, at::kFloat);
    const at::Tensor expected = whole.decode(latents);
    for (const std::int64_t tile : kTiles) {
      if (tile >= size / 8) continue;
      const at::Tensor bytes = whole.with({.tiling = plan::VaeTiling::tiles, .tile = tile}).decode(latents);
      std::printf("| %d | %s | %lld | %.1f |\n", size, prompt, static_cast<long long>(tile), psnr(bytes, expected));
      std::fflush(stdout);
    }
  }
}

void measure_all(const char* model, int sizes, char** size) {
  Pipeline pipeline(PipelineOptions{.model_dir = model, .device = "cpu", .dtype = "fp32"});
  const Checkpoint checkpoint(model);
  std::puts("| size | prompt | tile, latents | PSNR, dB |\n|---|---|---|---|");
  for (int i = 0; i < sizes; ++i) measure(pipeline, checkpoint, std::atoi(size[i]));
}

}  // namespace
}  // namespace zimage

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: zimage_tiles_psnr MODEL SIZE...\n"), 2;
  try {
    const c10::InferenceMode inference;
    zimage::measure_all(argv[1], argc - 2, argv + 2);
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "zimage_tiles_psnr: %s\n", e.what()), 1;
  }
  return 0;
}
