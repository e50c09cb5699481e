// Single-head attention whose head is wider than the fused kernels take.
#pragma once

#include <ATen/ATen.h>

namespace zimage::vae {

// softmax(q kᵀ / sqrt(C)) v; q, k, v: [N, C] of one type. Returns [N, C].
at::Tensor self_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

}  // namespace zimage::vae
