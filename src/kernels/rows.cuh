// One block a row: every thread holds its share of the row in registers between the passes over it.
#pragma once

#include "kernels/element.cuh"

namespace zimage::kernels {

// What a multiprocessor holds: 1024 threads on Turing, at least 1536 on all later ones.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
constexpr int kThreadsAtOnce = 1024;
#else
constexpr int kThreadsAtOnce = 1536;
#endif

// kItems packs of N neighbours for each of at most kMaxThreads threads, a block's width apart.
template <int N, int kItems, int kMaxThreads>
struct RowShare {
  static constexpr int kThreads = kMaxThreads;
  static constexpr int kBlocks = kThreadsAtOnce / kMaxThreads;  // a multiprocessor's, to hide memory behind
  float values[kItems][N];

  // f(item, column) for each pack that lies inside the row.
  template <typename F>
  __device__ static void for_each(std::int64_t columns, F&& f) {
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const std::int64_t column = (static_cast<std::int64_t>(i) * blockDim.x + threadIdx.x) * N;
      if (column < columns) f(i, column);
    }
  }

  template <typename T>
  __device__ void load(const T* row, std::int64_t columns) {
    for_each(columns, [&](int i, std::int64_t column) {
      const auto pack = *reinterpret_cast<const Pack<T, N>*>(row + column);
#pragma unroll
      for (int j = 0; j < N; ++j) values[i][j] = to_float(pack.values[j]);
    });
  }

  template <typename T>
  __device__ void store(T* row, std::int64_t columns) const {
    for_each(columns, [&](int i, std::int64_t column) {
      Pack<T, N> pack;
#pragma unroll
      for (int j = 0; j < N; ++j) pack.values[j] = from_float<T>(values[i][j]);
      *reinterpret_cast<Pack<T, N>*>(row + column) = pack;
    });
  }

  // values[i][j] = f(values[i][j], weight[column])
  template <typename F>
  __device__ void combine(const float* weight, std::int64_t columns, F&& f) {
    for_each(columns, [&](int i, std::int64_t column) {
      const auto pack = *reinterpret_cast<const Pack<float, N>*>(weight + column);
#pragma unroll
      for (int j = 0; j < N; ++j) values[i][j] = f(values[i][j], pack.values[j]);
    });
  }

  // values += other * factor
  __device__ void add(const RowShare& other, float factor) {
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
#pragma unroll
      for (int j = 0; j < N; ++j) values[i][j] += other.values[i][j] * factor;
    }
  }

  // The sum of f(value) over the row, in every thread; kCall: of block_sum.
  template <int kCall, typename F>
  __device__ float sum(std::int64_t columns, F&& f) const {
    float total = 0;
    for_each(columns, [&](int i, std::int64_t) {
#pragma unroll
      for (int j = 0; j < N; ++j) total += f(values[i][j]);
    });
    return block_sum<kCall>(total);
  }

  template <int kCall>
  __device__ float inverse_rms(std::int64_t columns, float eps) const {
    return rsqrtf(sum<kCall>(columns, [](float v) { return v * v; }) / static_cast<float>(columns) + eps);
  }
};

// Calls launch(share, threads) with the RowShare for rows of `columns` elements, for which fits_in_registers holds.
template <typename F>
void with_row_share(std::int64_t columns, F&& launch) {
  const auto threads = [&](std::int64_t per_thread) {
    return static_cast<unsigned>(((columns + per_thread - 1) / per_thread + 31) / 32 * 32);
  };
  if (columns % 8 == 0 && columns <= 8 * 512) return launch(RowShare<8, 1, 512>{}, threads(8));
  if (columns % 8 == 0) return launch(RowShare<8, 1, 1024>{}, threads(8));
  return launch(RowShare<1, 4, 1024>{}, threads(4));
}

}  // namespace zimage::kernels
