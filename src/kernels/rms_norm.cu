#include "kernels/element.cuh"
#include "kernels/launch.h"

namespace zimage::kernels {
namespace {

constexpr int kThreads = 256;

// One block a row. The row is read twice; the second time it comes from the L1 cache.
template <typename T, int N>
__device__ float inverse_rms(const T* row, std::int64_t columns, float eps) {
  float sum = 0;
  for (std::int64_t i = threadIdx.x * N; i < columns; i += kThreads * N) {
    const auto pack = *reinterpret_cast<const Pack<T, N>*>(row + i);
#pragma unroll
    for (int j = 0; j < N; ++j) sum += to_float(pack.values[j]) * to_float(pack.values[j]);
  }
  return rsqrtf(block_sum(sum) / static_cast<float>(columns) + eps);
}

template <typename In, typename Out, int N>
__global__ void __launch_bounds__(kThreads)
    rms_norm_kernel(const In* x, const float* weight, Out* y, std::int64_t columns, float eps) {
  x += static_cast<std::int64_t>(blockIdx.x) * columns;
  y += static_cast<std::int64_t>(blockIdx.x) * columns;
  const float scale = inverse_rms<In, N>(x, columns, eps);
  for (std::int64_t i = threadIdx.x * N; i < columns; i += kThreads * N) {
    const auto in = *reinterpret_cast<const Pack<In, N>*>(x + i);
    const auto w = *reinterpret_cast<const Pack<float, N>*>(weight + i);
    Pack<Out, N> out;
#pragma unroll
    for (int j = 0; j < N; ++j) out.values[j] = from_float<Out>(to_float(in.values[j]) * scale * w.values[j]);
    *reinterpret_cast<Pack<Out, N>*>(y + i) = out;
  }
}

template <typename T, int N>
__global__ void __launch_bounds__(kThreads)
    add_rms_norm_kernel(float* x, const T* branch, const float* weight, std::int64_t columns, float eps) {
  x += static_cast<std::int64_t>(blockIdx.x) * columns;
  branch += static_cast<std::int64_t>(blockIdx.x) * columns;
  const float scale = inverse_rms<T, N>(branch, columns, eps);
  for (std::int64_t i = threadIdx.x * N; i < columns; i += kThreads * N) {
    const auto b = *reinterpret_cast<const Pack<T, N>*>(branch + i);
    const auto w = *reinterpret_cast<const Pack<float, N>*>(weight + i);
    auto sum = *reinterpret_cast<const Pack<float, N>*>(x + i);
#pragma unroll
    for (int j = 0; j < N; ++j) sum.values[j] += to_float(b.values[j]) * scale * w.values[j];
    *reinterpret_cast<Pack<float, N>*>(x + i) = sum;
  }
}

}  // namespace

void launch_rms_norm(const RmsNormArgs& args, Stream stream) {
  const unsigned rows = static_cast<unsigned>(args.rows);
  with_element(args.x.type, [&](auto in) {
    with_element(args.y.type, [&](auto out) {
      using In = decltype(in);
      using Out = decltype(out);
      const auto kernel = args.columns % 4 == 0 ? rms_norm_kernel<In, Out, 4> : rms_norm_kernel<In, Out, 1>;
      kernel<<<rows, kThreads, 0, stream>>>(static_cast<const In*>(args.x.data), args.weight,
                                            static_cast<Out*>(args.y.data), args.columns, args.eps);
    });
  });
}

void launch_add_rms_norm(const AddRmsNormArgs& args, Stream stream) {
  const unsigned rows = static_cast<unsigned>(args.rows);
  with_element(args.branch.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel = args.columns % 4 == 0 ? add_rms_norm_kernel<T, 4> : add_rms_norm_kernel<T, 1>;
    kernel<<<rows, kThreads, 0, stream>>>(args.x, static_cast<const T*>(args.branch.data), args.weight, args.columns,
                                          args.eps);
  });
}

}  // namespace zimage::kernels
