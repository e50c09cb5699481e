// The kernels in plain ATen, for the CPU and for the tests.
#pragma once

#include "kernels/rope.h"

namespace zimage::kernels::reference {

at::Tensor rms_norm(const at::Tensor& x, const RmsNorm& norm, at::ScalarType out);
at::Tensor add_norm_(const at::Tensor& x, const at::Tensor& branch, const RmsNorm& branch_norm, const RmsNorm& next);
at::Tensor add_scaled_(const at::Tensor& x, const at::Tensor& branch, double scale, const RmsNorm& next);
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, double eps, at::ScalarType out);
at::Tensor silu_mul(const at::Tensor& gate_up, double scale);
void norm_rope_(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& table, RopePairs pairs);

}  // namespace zimage::kernels::reference
