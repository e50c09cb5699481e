// The first half of a SwiGLU feed-forward.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// silu(x gateᵀ) * (x upᵀ) * scale. x: [N, in]; gate_up: [2F, in] of x's type, the gate's rows first. Returns [N, F] of
// x's type. x is let go of as soon as it is done with. One kernel where there is one for the GPU that is faster; else a
// product, rounded to the type, and silu_mul.
at::Tensor linear_silu_mul(at::Tensor x, const at::Tensor& gate_up, double scale);

// By the one kernel, also where it is slower. Undefined where the GPU has none, or none for the type and the sizes.
at::Tensor fused_linear_silu_mul(const at::Tensor& x, const at::Tensor& gate_up, double scale);

}  // namespace zimage::kernels
