// Per-head RMSNorm and rotary position embedding of queries and keys.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// Angles of every position: cos and sin, [N, head_dim / 2] float32.
struct RopeTable {
  at::Tensor cos, sin;
};

// Which elements of a head turn together: (0,1), (2,3), ... or (i, i + head_dim/2).
enum class RopePairs { adjacent, halves };

struct HeadNorm {
  at::Tensor weight;  // [head_dim] float32
  double eps = 0;
};

// RMSNorm over head_dim, then rotation, both in float32, rounded once.
// heads: [N, H, head_dim], may be strided; returns a contiguous tensor of its shape and type.
at::Tensor norm_rope(const at::Tensor& heads, const HeadNorm& norm, const RopeTable& table, RopePairs pairs);

}  // namespace zimage::kernels
