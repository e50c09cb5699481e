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

// The moments of a whole image from those of its strips, which were made with an eps of 0: parts, [strips, groups, 2]
// float32, of part_rows pixels each, the last one of last_rows.
struct StripMoments {
  at::Tensor parts;
  std::int64_t part_rows, last_rows;
};
at::Tensor merge_moments(const StripMoments& strips, double eps);

// What turns x into (x + input_bias - mean) * rstd * weight + bias; vectors of [C] float32, input_bias may be
// undefined.
struct GroupNorm {
  at::Tensor moments, weight, bias, input_bias;
};
at::Tensor normalise(const at::Tensor& x, const GroupNorm& norm);
at::Tensor normalise_silu(const at::Tensor& x, const GroupNorm& norm);
void normalise_silu_(const at::Tensor& x, const GroupNorm& norm);
// Into y, which is of x's sizes and type.
void normalise_silu_into(const at::Tensor& y, const at::Tensor& x, const GroupNorm& norm);

}  // namespace zimage::kernels
