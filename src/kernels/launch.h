// The kernels' launchers. launch_none.cpp stands in where the build has no CUDA.
#pragma once

#include "kernels/element.h"

namespace zimage::kernels {

// y = x * rsqrt(mean(x²) + eps) * weight for `rows` rows of `columns` elements.
struct RmsNormArgs {
  ConstSpan x;
  const float* weight;
  MutableSpan y;
  std::int64_t rows, columns;
  float eps;
};
void launch_rms_norm(const RmsNormArgs& args, Stream stream);

// x += branch * rsqrt(mean(branch²) + eps) * weight
struct AddRmsNormArgs {
  float* x;
  ConstSpan branch;
  const float* weight;
  std::int64_t rows, columns;
  float eps;
};
void launch_add_rms_norm(const AddRmsNormArgs& args, Stream stream);

// y[r, c] = silu(gate_up[r, c]) * gate_up[r, columns + c] * scale
struct SiluMulArgs {
  ConstSpan gate_up;
  void* y;  // of gate_up's type
  std::int64_t rows, columns;
  float scale;
};
void launch_silu_mul(const SiluMulArgs& args, Stream stream);

// RMSNorm of each head, then rotation of its pairs: element 2p with 2p + 1, or p with p + head_dim / 2.
struct NormRopeArgs {
  ConstSpan heads;  // [tokens, heads, head_dim], token_stride elements from token to token
  void* y;          // [tokens, heads, head_dim] contiguous, of heads' type
  const float* weight;
  const float *cos, *sin;  // [tokens, head_dim / 2]
  std::int64_t tokens, head_count, head_dim, token_stride;
  float eps;
  int adjacent;
};
void launch_norm_rope(const NormRopeArgs& args, Stream stream);

}  // namespace zimage::kernels
