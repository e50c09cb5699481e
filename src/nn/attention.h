// Scaled dot-product attention over one sequence.
#pragma once

#include <ATen/ATen.h>

namespace zimage::nn {

enum class Mask { none, causal };

// softmax(q kᵀ / sqrt(head_dim)) v. q: [N, H, head_dim]; k, v: [N, G, head_dim] with H a multiple of G.
// Returns [N, H * head_dim].
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask);

}  // namespace zimage::nn
