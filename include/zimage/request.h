// What to draw: every number that the picture depends on, apart from the model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zimage {

/// Where the initial noise comes from. cpu: the bits of torch.Generator("cpu"), the same on every machine.
/// cuda: torch's CUDA stream, the same on every NVIDIA GPU.
enum class NoiseSource { cpu, cuda };

/// A float32 latent image [channels, height, width] in row-major order.
struct Latents {
  int channels = 0;           ///< 16
  int height = 0;             ///< the image's / 8
  int width = 0;              ///< the image's / 8
  std::vector<float> values;  ///< channels * height * width
};

/// One image.
struct Request {
  std::string prompt;                           ///< UTF-8
  std::string negative_prompt = {};             ///< used only with guidance
  bool literal_prompt = false;                  ///< special tokens in the prompt are plain text
  int width = 0;                                ///< pixels, a multiple of 16; 0: the model's own default
  int height = 0;                               ///< as width
  int steps = 9;                                ///< grid points: steps - 1 transformer evaluations
  double guidance_scale = 0;                    ///< 0: classifier-free guidance off
  double cfg_normalization = 0;                 ///< bound of the guided norm over the conditional one; 0: off
  double cfg_truncation = 1;                    ///< no guidance at times (1 - sigma) above this
  std::uint64_t seed = 0;                       ///< of the noise
  NoiseSource noise_source = NoiseSource::cpu;  ///< whose generator the seed is for
  std::optional<Latents> initial_noise = {};    ///< instead of seed: [16, height/8, width/8]
  bool step_images = false;                     ///< also what each step estimates the image to be
};

}  // namespace zimage
