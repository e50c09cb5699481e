// The sampling loop: noise and captions to final latents.
#pragma once

#include "pipeline/recorded_steps.h"

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

// Called with the number of evaluations done so far, from 0 on, and the latents they left, which the
// next one overwrites; may throw to end the run.
using StepCallback = std::function<void(int evaluations, const at::Tensor& latents)>;

// The units that denoise is going to use, in order.
Visits denoise_visits(const Transformer& transformer, const Guidance& guidance, const std::vector<float>& sigmas);

// Returns the final latents, [C, H, W] float32. Throws Error(numeric) when they are not finite.
// steps: of this transformer; where a run of the kind was recorded it is replayed.
at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, RecordedSteps& steps,
                   const StepCallback& on_step);
// The same, nothing recorded.
at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, const StepCallback& on_step);

}  // namespace zimage
