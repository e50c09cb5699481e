#include "kernels/element.cuh"
#include "kernels/launch.h"

namespace zimage::kernels {
namespace {

constexpr int kWarps = 8;  // heads a block

struct RopeShape {
  std::int64_t heads_total, head_count, head_dim, token_stride;
};

// One warp a head; a lane holds pairs lane, lane + 32, ...
template <typename T, bool kAdjacent>
__global__ void __launch_bounds__(kWarps * 32)
    norm_rope_kernel(const T* heads, T* y, const float* weight, const float* cos, const float* sin, RopeShape shape,
                     float eps) {
  const std::int64_t head = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (head >= shape.heads_total) return;
  const std::int64_t token = head / shape.head_count, half = shape.head_dim / 2;
  const T* x = heads + token * shape.token_stride + head % shape.head_count * shape.head_dim;
  y += head * shape.head_dim;
  const int lane = threadIdx.x % 32;

  float sum = 0;
  for (std::int64_t i = lane; i < shape.head_dim; i += 32) sum += to_float(x[i]) * to_float(x[i]);
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  const float scale = rsqrtf(sum / static_cast<float>(shape.head_dim) + eps);

  for (std::int64_t p = lane; p < half; p += 32) {
    const std::int64_t first = kAdjacent ? 2 * p : p, second = kAdjacent ? 2 * p + 1 : p + half;
    const float a = to_float(x[first]) * scale * weight[first], b = to_float(x[second]) * scale * weight[second];
    const float c = cos[token * half + p], s = sin[token * half + p];
    y[first] = from_float<T>(a * c - b * s);
    y[second] = from_float<T>(a * s + b * c);
  }
}

}  // namespace

void launch_norm_rope(const NormRopeArgs& args, Stream stream) {
  const RopeShape shape{args.tokens * args.head_count, args.head_count, args.head_dim, args.token_stride};
  const unsigned blocks = static_cast<unsigned>((shape.heads_total + kWarps - 1) / kWarps);
  with_element(args.heads.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel = args.adjacent ? norm_rope_kernel<T, true> : norm_rope_kernel<T, false>;
    kernel<<<blocks, kWarps * 32, 0, stream>>>(static_cast<const T*>(args.heads.data), static_cast<T*>(args.y),
                                               args.weight, args.cos, args.sin, shape, args.eps);
  });
}

}  // namespace zimage::kernels
