// The decoder's last step: what its last convolution leaves, to pixels.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// clamp((x + bias) / 2 + 1/2, 0, 1), rounded to x's type after each operation as the reference does, then float32.
// x: [1, 3, H, W] in -1..1; bias: [3] float32. Returns [3, H, W].
at::Tensor to_pixels(const at::Tensor& x, const at::Tensor& bias);

struct Rgb8 {
  at::Tensor bytes;  // [H, W, 3] on the host
  bool finite;       // false where a value was NaN or infinite
};

// to_pixels times 255, rounded half to even. x: channels-last for the CUDA kernel.
Rgb8 to_rgb8(const at::Tensor& x, const at::Tensor& bias);

}  // namespace zimage::kernels
