#include "kernels/element.cuh"
#include "kernels/launch.h"

namespace zimage::kernels {
namespace {

constexpr int kThreads = 1024;
constexpr float kLog2E = 1.4426950408889634f;

__device__ float block_max(float value) {
  __shared__ float partial[32];
  for (int offset = 16; offset > 0; offset /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, offset));
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  __syncthreads();
  value = partial[threadIdx.x % 32];
  for (int offset = 16; offset > 0; offset /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, offset));
  return value;
}

// One block a row; a row that is read again comes from the caches. scale is in units of log 2.
template <typename T, int N>
__global__ void __launch_bounds__(kThreads) softmax_kernel(const float* x, T* y, std::int64_t columns, float scale) {
  x += blockIdx.x * columns;
  y += blockIdx.x * columns;
  float largest = -INFINITY;
#pragma unroll 2
  for (std::int64_t i = threadIdx.x * N; i < columns; i += kThreads * N) {
    const auto in = *reinterpret_cast<const Pack<float, N>*>(x + i);
#pragma unroll
    for (int j = 0; j < N; ++j) largest = fmaxf(largest, in.values[j] * scale);
  }
  largest = block_max(largest);
  float sum = 0;
#pragma unroll 2
  for (std::int64_t i = threadIdx.x * N; i < columns; i += kThreads * N) {
    const auto in = *reinterpret_cast<const Pack<float, N>*>(x + i);
#pragma unroll
    for (int j = 0; j < N; ++j) sum += exp2f(in.values[j] * scale - largest);
  }
  const float share = 1.0f / block_sum<0>(sum);
#pragma unroll 2
  for (std::int64_t i = threadIdx.x * N; i < columns; i += kThreads * N) {
    const auto in = *reinterpret_cast<const Pack<float, N>*>(x + i);
    Pack<T, N> out;
#pragma unroll
    for (int j = 0; j < N; ++j) out.values[j] = from_float<T>(exp2f(in.values[j] * scale - largest) * share);
    *reinterpret_cast<Pack<T, N>*>(y + i) = out;
  }
}

}  // namespace

void launch_softmax(const SoftmaxArgs& args, Stream stream) {
  with_element(args.y.type, [&](auto element) {
    using T = decltype(element);
    const auto kernel = args.columns % 4 == 0 ? softmax_kernel<T, 4> : softmax_kernel<T, 1>;
    kernel<<<static_cast<unsigned>(args.rows), kThreads, 0, stream>>>(args.x, static_cast<T*>(args.y.data),
                                                                      args.columns, args.scale * kLog2E);
  });
}

}  // namespace zimage::kernels
