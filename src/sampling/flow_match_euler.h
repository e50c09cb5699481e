// The flow-match Euler schedule and step, as diffusers' FlowMatchEulerDiscreteScheduler and ZImagePipeline compute
// them.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace zimage {

// sigmas of a run with `evaluations` transformer evaluations, followed by 0: linspace(1, 1/n, n) shifted by
// shift·s / (1 + (shift − 1)·s), every operation in float32.
std::vector<float> flow_match_sigmas(int evaluations, double shift);

// latents ← latents − (sigma_next − sigma) · output, in float32; the velocity is the model's output negated.
void euler_step_(const at::Tensor& latents, const at::Tensor& output, float sigma, float sigma_next);

// Where the way from the latents before a step, at sigma, to those after it, at sigma_next, ends at sigma 0.
at::Tensor estimated_image(const at::Tensor& before, const at::Tensor& after, float sigma, float sigma_next);

}  // namespace zimage
