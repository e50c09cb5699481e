// The sum that ends a residual block, written straight into a picture of twice the size.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// Nearest ×2 of x + branch + bias, rounded once. x, branch: [1, C, H, W], channels-last for the CUDA kernel; bias: [C]
// float32. Returns [1, C, 2H, 2W].
at::Tensor add_upsample(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& bias);

// Nearest ×2 of x into y, [1, C, 2H, 2W] of x's type.
void upsample_into(const at::Tensor& y, const at::Tensor& x);

}  // namespace zimage::kernels
