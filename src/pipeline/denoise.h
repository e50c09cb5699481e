// The sampling loop: noise and captions to final latents, of one image or of several that share the evaluations.
#pragma once

#include "pipeline/recorded_steps.h"

#include <functional>
#include <vector>

namespace zimage {

struct DenoiseInput {
  at::Tensor noise;                                // [B, C, H, W] float32
  std::vector<at::Tensor> prompt_embeds;           // B of [L, cap_feat_dim], L their own
  std::vector<at::Tensor> negative_prompt_embeds;  // as many, or none without guidance
  Guidance guidance;
  std::vector<float> sigmas;  // one more than there are evaluations, the last 0
};

// Called with the number of evaluations done so far, from 0 on, and the latents they left, which the
// next one overwrites; may throw to end the run.
using StepCallback = std::function<void(int evaluations, const at::Tensor& latents)>;

// A schedule without the 0 that ends it.
std::vector<float> evaluated(const std::vector<float>& sigmas);

// The units that denoise is going to use, in order, where the run before it evaluated at `before`.
Visits denoise_visits(const Transformer& transformer, const Guidance& guidance, const std::vector<float>& sigmas,
                      const std::vector<float>& before);

// Returns the final latents, [B, C, H, W] float32, which may not be finite: an image's do not touch another's.
// steps: of this transformer; where a run of the kind was recorded it is replayed.
at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, RecordedSteps& steps,
                   const StepCallback& on_step);
// The same, nothing recorded.
at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, const StepCallback& on_step);

}  // namespace zimage
