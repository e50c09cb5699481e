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

// y = silu(x · gateᵀ) * (x · upᵀ) * scale
struct LinearSiluMulArgs {
  ConstSpan x;         // [rows, depth]
  const void* weight;  // [2 columns, depth] of x's type, the gate's rows first
  void* y;             // [rows, columns] of x's type, 16-byte aligned
  std::int64_t rows, depth, columns;
  float scale;
};
// What one kernel is on the current device beside a product of its own and silu_mul. y may be null.
enum class Fusion { impossible, slower, faster };
Fusion linear_silu_mul_fusion(const LinearSiluMulArgs& args);
// Where it is not impossible.
void launch_linear_silu_mul(const LinearSiluMulArgs& args, Stream stream);

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

// One channels-last image: `rows` pixels of `channels` neighbouring values.
struct ImageShape {
  std::int64_t rows, channels, groups;
};

// Rows are summed up in chunks, a block each: one or two full rounds of the blocks that fit on an H200's 132
// multiprocessors, but never more than this. Constants, so that one picture has the same bits on every GPU.
constexpr std::int64_t kMaxMomentChunks = 792;
constexpr std::int64_t kMaxGroupChannels = 256;

// Where the mean and 1 / sqrt(variance + eps) of each group go.
struct GroupReduction {
  float* partial;  // [kMaxMomentChunks, groups, 2], overwritten
  float* moments;  // [groups, 2]
  ImageShape shape;
  float eps;
};

// Of x + bias. bias: [channels], or null.
struct GroupMomentsArgs {
  ConstSpan x;
  const float* bias;
  GroupReduction out;
};
void launch_group_moments(const GroupMomentsArgs& args, Stream stream);

// x += branch + bias, and the moments of what is written. branch: of x's type, or null.
struct AddGroupMomentsArgs {
  MutableSpan x;
  const void* branch;
  const float* bias;
  GroupReduction out;
};
void launch_add_group_moments(const AddGroupMomentsArgs& args, Stream stream);

// The moments of an image from those of its strips: parts, [count, groups, 2], of part_rows pixels each, the last one
// of last_rows; made with an eps of 0.
struct MergeMomentsArgs {
  const float* parts;
  float* moments;  // [groups, 2]
  std::int64_t count, groups, part_rows, last_rows;
  double eps;
};
void launch_merge_moments(const MergeMomentsArgs& args, Stream stream);

// y = (x + input_bias - mean) * rstd * weight + bias; input_bias may be null, y may be x.
struct NormaliseArgs {
  ConstSpan x;
  void* y;  // of x's type
  const float *moments, *weight, *bias, *input_bias;
  ImageShape shape;
};
void launch_normalise(const NormaliseArgs& args, Stream stream);
void launch_normalise_silu(const NormaliseArgs& args, Stream stream);

// y = nearest ×2 of x + branch + bias, or of x alone where branch is null. x, branch: [height, width, channels]; bias:
// [channels].
struct AddUpsampleArgs {
  ConstSpan x;
  const void* branch;
  const float* bias;
  void* y;  // [2 height, 2 width, channels], of x's type
  std::int64_t height, width, channels;
};
void launch_add_upsample(const AddUpsampleArgs& args, Stream stream);

// y = softmax(x * scale) over each row.
struct SoftmaxArgs {
  const float* x;  // [rows, columns]
  MutableSpan y;
  std::int64_t rows, columns;
  float scale;
};
void launch_softmax(const SoftmaxArgs& args, Stream stream);

// Pixels in -1..1 to bytes: clamp((x + bias) / 2 + 1/2) in x's type, times 255 in float32, rounded half to even.
struct ToRgb8Args {
  ConstSpan x;  // [pixels, 3]
  const float* bias;
  std::uint8_t* rgb;         // [pixels, 3]
  std::int32_t* not_finite;  // becomes 1 where a value is NaN or infinite
  std::int64_t pixels;
};
void launch_to_rgb8(const ToRgb8Args& args, Stream stream);

}  // namespace zimage::kernels
