#include "kernels/element.cuh"
#include "kernels/launch.h"

namespace zimage::kernels {
namespace {

constexpr int kThreads = 128;
constexpr int kPack = 8;      // neighbours a lane holds
constexpr int kInFlight = 4;  // heads a lane loads before it uses the first

// One lane's elements x, turned by its angles; lower: they are of the head's lower half.
template <typename T, bool kAdjacent, typename Angles>
__device__ Pack<T, kPack> turn(const float (&x)[kPack], const Angles& cos, const Angles& sin, int lanes, bool lower) {
  Pack<T, kPack> out;
  if constexpr (kAdjacent) {
#pragma unroll
    for (int p = 0; p < kPack / 2; ++p) {
      const float a = x[2 * p], b = x[2 * p + 1], c = cos.values[p], s = sin.values[p];
      out.values[2 * p] = from_float<T>(a * c - b * s);
      out.values[2 * p + 1] = from_float<T>(a * s + b * c);
    }
  } else {
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      const float other = __shfl_xor_sync(0xffffffffu, x[j], lanes / 2), c = cos.values[j], s = sin.values[j];
      out.values[j] = from_float<T>(lower ? x[j] * c - other * s : other * s + x[j] * c);
    }
  }
  return out;
}

// Grid: (tokens, queries and keys). `lanes` threads hold a head, kPack neighbours each; a lane's weights and angles
// serve all its heads.
template <typename T, bool kAdjacent>
__global__ void __launch_bounds__(kThreads) norm_rope_kernel(NormRopeArgs args, int lanes) {
  const bool keys = blockIdx.y == 1;
  const int lane = threadIdx.x % lanes, groups = kThreads / lanes, first = lane * kPack;
  const int head_dim = static_cast<int>(args.head_dim), half = head_dim / 2;
  const int heads = static_cast<int>(keys ? args.key_heads : args.query_heads);
  T* x0 = static_cast<T*>(args.heads.data) + blockIdx.x * args.token_stride +
          (keys ? args.query_heads * args.head_dim : 0) + first;

  // adjacent: elements first + 2i and first + 2i + 1 share angle i; halves: element first + j has its own
  using Angles = Pack<float, kAdjacent ? kPack / 2 : kPack>;
  const std::int64_t angle = static_cast<std::int64_t>(blockIdx.x) * half + (kAdjacent ? first / 2 : first % half);
  const auto cos = *reinterpret_cast<const Angles*>(args.cos + angle);
  const auto sin = *reinterpret_cast<const Angles*>(args.sin + angle);
  const auto weight =
      *reinterpret_cast<const Pack<float, kPack>*>((keys ? args.key_weight : args.query_weight) + first);

  using Words = Pack<unsigned, kPack * sizeof(T) / sizeof(unsigned)>;  // a register each; halves would take two
  for (int start = 0; start < heads; start += groups * kInFlight) {    // the same for all of a warp, which shuffles
    const int base = start + threadIdx.x / lanes;
    Words packs[kInFlight];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      const int head = base + i * groups;
      if (head < heads) packs[i] = *reinterpret_cast<const Words*>(x0 + head * head_dim);
    }
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      const int head = base + i * groups;
      Pack<T, kPack> pack;
      memcpy(&pack, &packs[i], sizeof(pack));
      float x[kPack], sum = 0;
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        x[j] = head < heads ? to_float(pack.values[j]) : 0.0f;
        sum += x[j] * x[j];
      }
      for (int offset = lanes / 2; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
      const float scale = rsqrtf(sum / static_cast<float>(head_dim) + args.eps);
#pragma unroll
      for (int j = 0; j < kPack; ++j) x[j] *= scale * weight.values[j];
      const auto out = turn<T, kAdjacent>(x, cos, sin, lanes, first < half);
      if (head < heads) *reinterpret_cast<Pack<T, kPack>*>(x0 + head * head_dim) = out;
    }
  }
}

// Any even head_dim: one warp a head; a lane holds pairs lane, lane + 32, ...
template <typename T, bool kAdjacent>
__global__ void __launch_bounds__(kThreads) norm_rope_any_kernel(NormRopeArgs args) {
  const std::int64_t heads = args.query_heads + args.key_heads, half = args.head_dim / 2;
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32;
  if (index >= args.tokens * heads) return;
  const std::int64_t token = index / heads, head = index % heads;
  T* x = static_cast<T*>(args.heads.data) + token * args.token_stride + head * args.head_dim;
  const float* weight = head < args.query_heads ? args.query_weight : args.key_weight;
  const int lane = threadIdx.x % 32;

  float sum = 0;
  for (std::int64_t i = lane; i < args.head_dim; i += 32) sum += to_float(x[i]) * to_float(x[i]);
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  const float scale = rsqrtf(sum / static_cast<float>(args.head_dim) + args.eps);

  for (std::int64_t p = lane; p < half; p += 32) {
    const std::int64_t first = kAdjacent ? 2 * p : p, second = kAdjacent ? 2 * p + 1 : p + half;
    const float a = to_float(x[first]) * scale * weight[first], b = to_float(x[second]) * scale * weight[second];
    const float c = args.cos[token * half + p], s = args.sin[token * half + p];
    x[first] = from_float<T>(a * c - b * s);
    x[second] = from_float<T>(a * s + b * c);
  }
}

bool is_power_of_two(std::int64_t n) { return (n & (n - 1)) == 0; }

}  // namespace

void launch_norm_rope(const NormRopeArgs& args, Stream stream) {
  const std::int64_t heads = args.tokens * (args.query_heads + args.key_heads), lanes = args.head_dim / kPack;
  const bool packed =
      args.head_dim % (2 * kPack) == 0 && lanes <= 32 && is_power_of_two(lanes) && args.token_stride % kPack == 0;
  with_element(args.heads.type, [&](auto element) {
    using T = decltype(element);
    if (packed) {
      const auto kernel = args.adjacent ? norm_rope_kernel<T, true> : norm_rope_kernel<T, false>;
      kernel<<<dim3(static_cast<unsigned>(args.tokens), 2), kThreads, 0, stream>>>(args, static_cast<int>(lanes));
    } else {
      constexpr int kWarps = kThreads / 32;
      const auto kernel = args.adjacent ? norm_rope_any_kernel<T, true> : norm_rope_any_kernel<T, false>;
      kernel<<<static_cast<unsigned>((heads + kWarps - 1) / kWarps), kThreads, 0, stream>>>(args);
    }
  });
}

}  // namespace zimage::kernels
