// The kernels in plain ATen, for the CPU and for the tests.
#pragma once

#include "kernels/rope.h"

namespace zimage::kernels::reference {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType out);
void add_rms_norm_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight, double eps);
at::Tensor silu_mul(const at::Tensor& gate_up, double scale);
at::Tensor norm_rope(const at::Tensor& heads, const HeadNorm& norm, const RopeTable& table, RopePairs pairs);

}  // namespace zimage::kernels::reference
