// How many tokens the transformer's sequences have.
#pragma once

#include "plan/plan.h"

namespace zimage::plan {

// Sequences are padded to a multiple of this many tokens.
constexpr std::int64_t kSequenceMultiple = 32;
// The VAE's factor between latents and pixels.
constexpr std::int64_t kLatentPixels = 8;

inline std::int64_t padded_tokens(std::int64_t tokens) {
  return (tokens + kSequenceMultiple - 1) / kSequenceMultiple * kSequenceMultiple;
}

inline std::int64_t latent_pixels(const ImageShape& image) {
  return (image.width / kLatentPixels) * (image.height / kLatentPixels);
}

// Of the image alone, and of image and caption.
inline std::int64_t image_tokens(const Problem& problem) {
  const std::int64_t patch = problem.model.transformer.patch_size;
  return padded_tokens((problem.image.width / kLatentPixels / patch) * (problem.image.height / kLatentPixels / patch));
}
inline std::int64_t joint_tokens(const Problem& problem, std::int64_t prompt_tokens) {
  return image_tokens(problem) + padded_tokens(prompt_tokens);
}

}  // namespace zimage::plan
