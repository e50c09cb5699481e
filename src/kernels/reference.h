// The kernels in plain ATen, for the CPU and for the tests.
#pragma once

#include "kernels/group_norm.h"
#include "kernels/image.h"
#include "kernels/rope.h"

namespace zimage::kernels::reference {

at::Tensor rms_norm(const at::Tensor& x, const RmsNorm& norm, at::ScalarType out);
at::Tensor add_norm_(const at::Tensor& x, const at::Tensor& branch, const RmsNorm& branch_norm, const RmsNorm& next);
at::Tensor add_scaled_(const at::Tensor& x, const at::Tensor& branch, double scale, const RmsNorm& next);
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, double eps, at::ScalarType out);
at::Tensor silu_mul(const at::Tensor& gate_up, double scale);
void norm_rope_(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& table, RopePairs pairs);

at::Tensor group_moments(const at::Tensor& x, const at::Tensor& bias, const GroupSpec& spec);
at::Tensor add_group_moments_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& bias,
                              const GroupSpec& spec);
at::Tensor merge_moments(const StripMoments& strips, double eps);
at::Tensor normalise(const at::Tensor& x, const GroupNorm& norm);
at::Tensor normalise_silu(const at::Tensor& x, const GroupNorm& norm);
void normalise_silu_(const at::Tensor& x, const GroupNorm& norm);
at::Tensor add_upsample(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& bias);
at::Tensor softmax(const at::Tensor& scores, double scale, at::ScalarType out);
at::Tensor to_pixels(const at::Tensor& x, const at::Tensor& bias);
Rgb8 to_rgb8(const at::Tensor& x, const at::Tensor& bias);

}  // namespace zimage::kernels::reference
