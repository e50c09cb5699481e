#include "kernels/element.cuh"
#include "kernels/launch.h"

namespace zimage::kernels {
namespace {

constexpr int kThreads = 256;

// One thread for N neighbours of one row; grid: (rows, columns).
template <typename T, int N>
__global__ void __launch_bounds__(kThreads) silu_mul_kernel(const T* gate_up, T* y, std::int64_t columns, float scale) {
  const std::int64_t column = (static_cast<std::int64_t>(blockIdx.y) * kThreads + threadIdx.x) * N;
  if (column >= columns) return;
  const T* row = gate_up + static_cast<std::int64_t>(blockIdx.x) * 2 * columns;
  const auto gate = *reinterpret_cast<const Pack<T, N>*>(row + column);
  const auto up = *reinterpret_cast<const Pack<T, N>*>(row + columns + column);
  Pack<T, N> out;
#pragma unroll
  for (int j = 0; j < N; ++j) {
    const float g = to_float(gate.values[j]);
    out.values[j] = from_float<T>(g / (1.0f + __expf(-g)) * to_float(up.values[j]) * scale);
  }
  *reinterpret_cast<Pack<T, N>*>(y + static_cast<std::int64_t>(blockIdx.x) * columns + column) = out;
}

}  // namespace

void launch_silu_mul(const SiluMulArgs& args, Stream stream) {
  with_element(args.gate_up.type, [&](auto element) {
    using T = decltype(element);
    constexpr int kWide = 16 / sizeof(T);
    const bool wide = args.columns % kWide == 0;
    const std::int64_t threads = wide ? args.columns / kWide : args.columns;
    const dim3 grid(static_cast<unsigned>(args.rows), static_cast<unsigned>((threads + kThreads - 1) / kThreads));
    const auto kernel = wide ? silu_mul_kernel<T, kWide> : silu_mul_kernel<T, 1>;
    kernel<<<grid, kThreads, 0, stream>>>(static_cast<const T*>(args.gate_up.data), static_cast<T*>(args.y),
                                          args.columns, args.scale);
  });
}

}  // namespace zimage::kernels
