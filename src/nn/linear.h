// y = alpha · x Wᵀ + b over views of resident weights.
#pragma once

#include <ATen/ATen.h>

namespace zimage::nn {

// weight: [out, in]; bias: [out] or undefined; x: [N, in] of the weight's type. Returns [N, out].
// alpha is applied in float32 before the result is rounded (float16's range; see docs/numerics.md); none with a bias.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});
at::Tensor scaled_linear(const at::Tensor& x, const at::Tensor& weight, double alpha);

}  // namespace zimage::nn
