// How many tokens the transformer's sequences have.
#pragma once

#include "plan/plan.h"

namespace zimage::plan {

// Sequences are padded to a multiple of this many tokens.
constexpr std::int64_t kSequenceMultiple = 32;
// Of a prompt; what is longer is cut.
constexpr std::int64_t kMostPromptTokens = 512;
// Of prompts that go through the text encoder together; a longer one goes alone.
constexpr std::int64_t kPassTokens = 3 * kMostPromptTokens;
// Prompts whose embeddings are kept, so that they are not encoded again: of an image and its negative, and of those
// before them.
constexpr std::int64_t kKeptPrompts = 4;
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
