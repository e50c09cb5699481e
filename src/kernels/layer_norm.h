// LayerNorm with a scale and no shift, as the transformer's final layer has it.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// (x - mean(x)) * rsqrt(var(x) + eps) * scale over the last dimension, in float32, rounded once.
// x: [N, D] float32; scale: [D] float32. Returns [N, D] of type `out`.
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, double eps, at::ScalarType out);

}  // namespace zimage::kernels
