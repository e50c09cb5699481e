// GroupNorm of one image in two passes, each fused with its neighbour: the statistics with the sum that makes the
// tensor, the normalisation with SiLU. The CUDA kernels take channels-last images; others go through ATen.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

struct GroupSpec {
  std::int64_t groups;
  double eps;
};

// Mean and 1 / sqrt(variance + eps) of every group of channels of x + bias, [groups, 2] float32.
// x: [1, C, H, W]; bias: [C] float32, or undefined for none.
at::Tensor group_moments(const at::Tensor& x, const at::Tensor& bias, const GroupSpec& spec);

// x += branch + bias, rounded once to x's type; returns the moments of the new x. branch: of x's sizes and type, or
// undefined for none.
at::Tensor add_group_moments_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& bias,
                              const GroupSpec& spec);

// What turns x into (x + input_bias - mean) * rstd * weight + bias; vectors of [C] float32, input_bias may be
// undefined.
struct GroupNorm {
  at::Tensor moments, weight, bias, input_bias;
};
at::Tensor normalise(const at::Tensor& x, const GroupNorm& norm);
at::Tensor normalise_silu(const at::Tensor& x, const GroupNorm& norm);
void normalise_silu_(const at::Tensor& x, const GroupNorm& norm);

}  // namespace zimage::kernels
