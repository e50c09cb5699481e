// Per-head RMSNorm and rotary position embedding of queries and keys.
#pragma once

#include "kernels/norm.h"

namespace zimage::kernels {

// Angles of every position: cos and sin, [N, head_dim / 2] float32.
struct RopeTable {
  at::Tensor cos, sin;
};

// Which elements of a head turn together: (0,1), (2,3), ... or (i, i + head_dim/2).
enum class RopePairs { adjacent, halves };

// The norms of a token's heads, in the order that its packed row holds them; what follows are the values, left alone.
struct HeadNorms {
  std::int64_t query_heads = 0, key_heads = 0;
  at::Tensor query_weight, key_weight;  // [head_dim] float32
  double eps = 0;
};

// RMSNorm of each query and key head over head_dim, then rotation, both in float32, rounded once, in place.
// qkv: [N, heads, head_dim], a token's heads contiguous, query and key heads first.
void norm_rope_(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& table, RopePairs pairs);

}  // namespace zimage::kernels
