#include "kernels/element.cuh"
#include "kernels/launch.h"

namespace zimage::kernels {
namespace {

constexpr int kThreads = 256;

// One thread for N neighbouring values of x, written four times; kAdds: with branch and bias. Grid: (rows of the image,
// packs of a row).
template <typename T, int N, bool kAdds>
__global__ void __launch_bounds__(kThreads) add_upsample_kernel(const T* x, T* y, AddUpsampleArgs args) {
  const int packs = static_cast<int>(args.channels) / N, index = blockIdx.y * kThreads + threadIdx.x;
  if (index >= args.width * packs) return;
  const int channel = index % packs * N, column = index / packs;
  const std::int64_t row_size = args.width * args.channels, row = blockIdx.x;
  const std::int64_t from = row * row_size + static_cast<std::int64_t>(index) * N;
  const auto a = *reinterpret_cast<const Pack<T, N>*>(x + from);
  Pack<T, N> sum = a;
  if constexpr (kAdds) {
    const auto b = *reinterpret_cast<const Pack<T, N>*>(static_cast<const T*>(args.branch) + from);
#pragma unroll
    for (int j = 0; j < N; ++j) {
      sum.values[j] = from_float<T>(to_float(a.values[j]) + to_float(b.values[j]) + args.bias[channel + j]);
    }
  }
  T* const to = y + 4 * row * row_size + 2 * column * args.channels + channel;
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    *reinterpret_cast<Pack<T, N>*>(to + k / 2 * 2 * row_size + k % 2 * args.channels) = sum;
  }
}

}  // namespace

void launch_add_upsample(const AddUpsampleArgs& args, Stream stream) {
  with_element(args.x.type, [&](auto element) {
    using T = decltype(element);
    constexpr int kWide = 16 / sizeof(T);
    const bool wide = args.channels % kWide == 0;
    const std::int64_t threads = args.width * args.channels / (wide ? kWide : 1);
    const dim3 grid(static_cast<unsigned>(args.height), static_cast<unsigned>((threads + kThreads - 1) / kThreads));
    const auto kernel = args.branch ? (wide ? add_upsample_kernel<T, kWide, true> : add_upsample_kernel<T, 1, true>)
                                    : (wide ? add_upsample_kernel<T, kWide, false> : add_upsample_kernel<T, 1, false>);
    kernel<<<grid, kThreads, 0, stream>>>(static_cast<const T*>(args.x.data), static_cast<T*>(args.y), args);
  });
}

}  // namespace zimage::kernels
