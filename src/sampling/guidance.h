// Classifier-free guidance as diffusers' ZImagePipeline has it.
#pragma once

#include <ATen/ATen.h>

namespace zimage {

struct Guidance {
  double scale = 0;          // 0: off
  double normalization = 0;  // bound of ‖guided‖ over ‖conditional‖; 0: none
  double truncation = 1;     // off at times (1 − sigma) above this

  bool operator==(const Guidance&) const = default;
};

// Whether the step at this sigma needs the unconditional evaluation.
bool is_guided(const Guidance& guidance, float sigma);

// conditional + scale · (conditional − unconditional), each image's norm bounded. All [B, C, H, W] float32.
at::Tensor guide(const at::Tensor& conditional, const at::Tensor& unconditional, const Guidance& guidance);

}  // namespace zimage
