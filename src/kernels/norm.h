// An RMSNorm's parameters.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// x * rsqrt(mean(x²) + eps) * weight over the last dimension of D elements.
struct RmsNorm {
  at::Tensor weight;  // [D] float32
  double eps = 0;
};

}  // namespace zimage::kernels
