// The sampling loop: noise and captions to final latents.
#pragma once

#include "models/transformer/transformer.h"
#include "sampling/guidance.h"

#include <functional>
#include <vector>

namespace zimage {

struct DenoiseInput {
  at::Tensor noise;                   // [C, H, W] float32
  at::Tensor prompt_embeds;           // [L, cap_feat_dim]
  at::Tensor negative_prompt_embeds;  // [M, cap_feat_dim], or undefined without guidance
  Guidance guidance;
  std::vector<float> sigmas;  // one more than there are evaluations, the last 0
};

// Returns the final latents, [C, H, W] float32. on_step(i) is called before evaluation i (from 1), and once after the
// last with the number of evaluations + 1; it may throw. Throws Error(numeric) when the latents are not finite.
at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, const std::function<void(int)>& on_step);

}  // namespace zimage
