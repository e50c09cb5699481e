// RMSNorm in the three forms that the models use. Statistics and products are float32 whatever goes in.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// x * rsqrt(mean(x²) + eps) * weight over the last dimension.
// x: [..., D], any floating type; weight: [D] float32. Returns [..., D] of type `out`.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType out);

// x += rms_norm(branch) * weight, in place: a block's residual addition, its gate multiplied into the weight.
// x: [..., D] float32; branch: [..., D] any floating type; weight: [D] float32.
void add_rms_norm_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight, double eps);

}  // namespace zimage::kernels
