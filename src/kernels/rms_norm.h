// RMSNorm, and the residual additions that are fused with it. Statistics and products are float32 whatever goes in.
#pragma once

#include "kernels/norm.h"

namespace zimage::kernels {

// x: [..., D], any floating type. Returns norm(x), [..., D] of type `out`.
at::Tensor rms_norm(const at::Tensor& x, const RmsNorm& norm, at::ScalarType out);

// x += branch_norm(branch), in place; returns next(x): a block's gated residual addition and the norm that opens what
// follows, with the residual stream read and written once. An undefined next.weight returns an undefined tensor.
// x: [N, D] float32; branch: [N, D] any floating type. Returns [N, D] of branch's type.
at::Tensor add_norm_(const at::Tensor& x, const at::Tensor& branch, const RmsNorm& branch_norm, const RmsNorm& next);

// The same with a plain factor on the branch: x += branch * scale; returns next(x).
at::Tensor add_scaled_(const at::Tensor& x, const at::Tensor& branch, double scale, const RmsNorm& next);

}  // namespace zimage::kernels
