// The gated product of a SwiGLU feed-forward.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// silu(gate) * up * scale, computed in float32 and rounded once: the scale keeps products that overflow float16 inside
// its range. gate_up: [..., 2F], the gate's half first. Returns [..., F] of gate_up's type.
at::Tensor silu_mul(const at::Tensor& gate_up, double scale);

}  // namespace zimage::kernels
