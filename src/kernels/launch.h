// The kernels' launchers. launch_none.cpp stands in where the build has no CUDA.
#pragma once

#include "kernels/element.h"

namespace zimage::kernels {

// Whether a block of 1024 threads can hold a row of `columns` elements in registers; the kernels over rows need it.
constexpr bool fits_in_registers(std::int64_t columns) { return columns <= (columns % 8 == 0 ? 8 : 4) * 1024; }

// y = x * rsqrt(mean(x²) + eps) * weight for `rows` rows of `columns` elements.
struct RmsNormArgs {
  ConstSpan x;
  const float* weight;
  MutableSpan y;
  std::int64_t rows, columns;
  float eps;
};
void launch_rms_norm(const RmsNormArgs& args, Stream stream);

// x += branch * rsqrt(mean(branch²) + branch_eps) * branch_weight, or without a weight x += branch * branch_scale; then
// y = x * rsqrt(mean(x²) + next_eps) * next_weight, unless that weight is null.
struct ResidualAddArgs {
  float* x;
  ConstSpan branch;
  const float* branch_weight;
  float branch_eps, branch_scale;
  const float* next_weight;
  float next_eps;
  void* y;  // of branch's type
  std::int64_t rows, columns;
};
void launch_residual_add(const ResidualAddArgs& args, Stream stream);

// y = (x - mean(x)) * rsqrt(var(x) + eps) * scale for `rows` rows of `columns` elements.
struct LayerNormArgs {
  const float* x;
  const float* scale;
  MutableSpan y;
  std::int64_t rows, columns;
  float eps;
};
void launch_layer_norm(const LayerNormArgs& args, Stream stream);

// y[r, c] = silu(gate_up[r, c]) * gate_up[r, columns + c] * scale
struct SiluMulArgs {
  ConstSpan gate_up;
  void* y;  // of gate_up's type
  std::int64_t rows, columns;
  float scale;
};
void launch_silu_mul(const SiluMulArgs& args, Stream stream);

// In place: RMSNorm of each query and key head, then rotation of its pairs: element 2p with 2p + 1, or p with
// p + head_dim / 2. A token's row holds query_heads, then key_heads, then what is left alone.
struct NormRopeArgs {
  MutableSpan heads;  // [tokens, >= query_heads + key_heads, head_dim], token_stride elements from token to token
  const float *query_weight, *key_weight;
  const float *cos, *sin;  // [tokens, head_dim / 2]
  std::int64_t tokens, query_heads, key_heads, head_dim, token_stride;
  float eps;
  int adjacent;
};
void launch_norm_rope(const NormRopeArgs& args, Stream stream);

}  // namespace zimage::kernels
