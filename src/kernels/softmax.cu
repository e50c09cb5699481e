#include "kernels/element.cuh"
#include "kernels/launch.h"

namespace zimage::kernels {
namespace {

constexpr int kThreads = 1024;
constexpr float kLog2E = 1.4426950408889634f;

// Rows that fit into a block's registers; two blocks on a multiprocessor have 128 KB of them under way.
constexpr int kRowThreads = 512, kRowBlocks = 2, kRowPack = 4, kRowItems = 8;
constexpr std::int64_t kRowColumns = kRowThreads * kRowPack * kRowItems;
constexpr float kLeast = -3.4e38f;  // finite: a warp outside of the row adds nothing, not NaN

__device__ float warp_max(float value) {
  for (int offset = 16; offset > 0; offset /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, offset));
  return value;
}

__device__ float block_max(float value) {
  __shared__ float partial[32];
  value = warp_max(value);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  __syncthreads();
  return warp_max(partial[threadIdx.x % 32]);
}

// A row that each thread holds its share of in registers: read once, and its largest value and its sum go round the
// block behind one barrier. Each warp first scales by its own largest value. scale is in units of log 2.
template <typename T>
__global__ void __launch_bounds__(kRowThreads, kRowBlocks)
    softmax_row_kernel(const float* x, T* y, int columns, float scale) {
  using In = Pack<float, kRowPack>;
  using Out = Pack<T, kRowPack>;
  __shared__ float2 partial[kRowThreads / 32];  // of a warp: its largest value, and its sum scaled by that
  x += static_cast<std::int64_t>(blockIdx.x) * columns;
  y += static_cast<std::int64_t>(blockIdx.x) * columns;
  const auto for_each = [&](auto&& f) {
#pragma unroll
    for (int i = 0; i < kRowItems; ++i) f(i, (i * kRowThreads + static_cast<int>(threadIdx.x)) * kRowPack);
  };
  In values[kRowItems];
  for_each([&](int i, int column) {
    if (column < columns) {
      values[i] = *reinterpret_cast<const In*>(x + column);
    } else {
#pragma unroll
      for (float& value : values[i].values) value = -INFINITY;
    }
  });
  float own = kLeast, sum = 0;
  for_each([&](int i, int) {
#pragma unroll
    for (const float value : values[i].values) own = fmaxf(own, value * scale);
  });
  own = warp_max(own);
  for_each([&](int i, int) {
#pragma unroll
    for (float& value : values[i].values) {
      value = exp2f(value * scale - own);
      sum += value;
    }
  });
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = {own, sum};
  __syncthreads();
  const int lane = threadIdx.x % 32;
  const float2 other = lane < kRowThreads / 32 ? partial[lane] : float2{kLeast, 0};
  const float largest = warp_max(other.x);
  const float share = exp2f(own - largest) / warp_sum(other.y * exp2f(other.x - largest));
  for_each([&](int i, int column) {
    if (column >= columns) return;
    Out out;
#pragma unroll
    for (int j = 0; j < kRowPack; ++j) out.values[j] = from_float<T>(values[i].values[j] * share);
    *reinterpret_cast<Out*>(y + column) = out;
  });
}

// One block a row of any length; a row that is read again comes from the caches. scale is in units of log 2.
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
    if (args.columns % kRowPack == 0 && args.columns <= kRowColumns) {
      softmax_row_kernel<T><<<static_cast<unsigned>(args.rows), kRowThreads, 0, stream>>>(
          args.x, static_cast<T*>(args.y.data), static_cast<int>(args.columns), args.scale * kLog2E);
      return;
    }
    const auto kernel = args.columns % 4 == 0 ? softmax_kernel<T, 4> : softmax_kernel<T, 1>;
    kernel<<<static_cast<unsigned>(args.rows), kThreads, 0, stream>>>(args.x, static_cast<T*>(args.y.data),
                                                                      args.columns, args.scale * kLog2E);
  });
}

}  // namespace zimage::kernels
