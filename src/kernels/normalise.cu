#include "kernels/element.cuh"
#include "kernels/launch.h"

#include <algorithm>

namespace zimage::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kTile = 4;  // rows that a thread has in flight

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

struct Identity {
  __device__ static float apply(float x) { return x; }
};
struct Silu {
  __device__ static float apply(float x) { return __fdividef(x, 1.0f + __expf(-x)); }
};

// A thread keeps to N channels and walks over rows, the last first: those are still in the cache from the statistics.
template <typename T, int N, typename Activation>
__global__ void __launch_bounds__(kThreads) normalise_kernel(const T* x, T* y, NormaliseArgs args) {
  const int packs = static_cast<int>(args.shape.channels) / N, thread = blockIdx.x * kThreads + threadIdx.x;
  const std::int64_t step = gridDim.x * kThreads / packs, rows = args.shape.rows;
  const int channel = thread % packs * N, group_channels = static_cast<int>(args.shape.channels / args.shape.groups);
  if (thread / packs >= step) return;
  float scale[N], shift[N];
#pragma unroll
  for (int j = 0; j < N; ++j) {
    const int c = channel + j;
    const float2 moments = reinterpret_cast<const float2*>(args.moments)[c / group_channels];
    scale[j] = moments.y * args.weight[c];
    shift[j] = ((args.input_bias ? args.input_bias[c] : 0.0f) - moments.x) * scale[j] + args.bias[c];
  }
  for (std::int64_t row = rows - 1 - thread / packs; row >= 0; row -= kTile * step) {
    Pack<T, N> in[kTile];
#pragma unroll
    for (int k = 0; k < kTile; ++k) {
      const std::int64_t i = (row - k * step) * args.shape.channels + channel;
      if (row - k * step >= 0) in[k] = *reinterpret_cast<const Pack<T, N>*>(x + i);
    }
#pragma unroll
    for (int k = 0; k < kTile; ++k) {
      if (row - k * step < 0) break;
      Pack<T, N> out;
#pragma unroll
      for (int j = 0; j < N; ++j) {
        out.values[j] = from_float<T>(Activation::apply(to_float(in[k].values[j]) * scale[j] + shift[j]));
      }
      *reinterpret_cast<Pack<T, N>*>(y + (row - k * step) * args.shape.channels + channel) = out;
    }
  }
}

template <typename Activation>
void run_normalise(const NormaliseArgs& args, Stream stream) {
  with_element(args.x.type, [&](auto element) {
    using T = decltype(element);
    constexpr int kWide = 16 / sizeof(T);
    const bool wide = args.shape.channels % kWide == 0;
    const std::int64_t packs = args.shape.channels / (wide ? kWide : 1);
    const std::int64_t wanted = ceil_div(packs * ceil_div(args.shape.rows, kTile), kThreads);
    // At least a thread for each pack; beyond some blocks per multiprocessor more threads only load more vectors.
    const std::int64_t blocks = std::max(std::min<std::int64_t>(wanted, kMaxMomentChunks), ceil_div(packs, kThreads));
    const auto kernel = wide ? normalise_kernel<T, kWide, Activation> : normalise_kernel<T, 1, Activation>;
    kernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(static_cast<const T*>(args.x.data),
                                                                   static_cast<T*>(args.y), args);
  });
}

}  // namespace

void launch_normalise(const NormaliseArgs& args, Stream stream) { run_normalise<Identity>(args, stream); }
void launch_normalise_silu(const NormaliseArgs& args, Stream stream) { run_normalise<Silu>(args, stream); }

}  // namespace zimage::kernels
