#include "kernels/element.cuh"
#include "kernels/launch.h"

#include <algorithm>

namespace zimage::kernels {
namespace {

constexpr int kThreads = 256;

// A chunk of rows to a block, N channels to a thread; mean and sum of squared deviations (m2) are kept per channel and
// merged as Chan et al. do, in a fixed order: no difference of large sums, and the same bits on every run.

struct MomentsPlan {
  std::int64_t rows, chunk_rows;
  int channels, group_channels, slice_groups;  // groups that one block takes: 256 threads wide at most
};

template <int N>
struct Running {
  float count = 0, mean[N] = {}, m2[N] = {};
};

template <typename T, int N, int kTile>
__device__ void merge_tile(Running<N>& r, const Pack<T, N> (&rows)[kTile]) {
  const float total = r.count + kTile, share = __fdividef(kTile, total);
#pragma unroll
  for (int j = 0; j < N; ++j) {
    float mean = 0, m2 = 0;
#pragma unroll
    for (int k = 0; k < kTile; ++k) mean += to_float(rows[k].values[j]);
    mean /= kTile;
#pragma unroll
    for (int k = 0; k < kTile; ++k) {
      const float delta = to_float(rows[k].values[j]) - mean;
      m2 += delta * delta;
    }
    const float delta = mean - r.mean[j];
    r.mean[j] += delta * share;
    r.m2[j] += m2 + delta * delta * (r.count * share);
  }
  r.count = total;
}

template <typename T, int N>
__device__ void merge_row(Running<N>& r, const Pack<T, N>& row) {
  r.count += 1;
#pragma unroll
  for (int j = 0; j < N; ++j) {
    const float value = to_float(row.values[j]), delta = value - r.mean[j];
    r.mean[j] += delta / r.count;
    r.m2[j] += delta * (value - r.mean[j]);
  }
}

// x + bias, not rounded: the bias moves the mean alone, so it is added to that.
template <typename T_, int N>
struct BiasedInput {
  using T = T_;
  static constexpr int kWidth = N;
  static constexpr int kTile = 4;    // rows that a thread has in flight
  static constexpr int kBlocks = 3;  // on a multiprocessor, as many as the registers allow
  static constexpr int kChunks = 396;
  const T* x;

  struct Raw {
    Pack<T, N> x;
  };
  __device__ Raw load(std::int64_t i) const { return {*reinterpret_cast<const Pack<T, N>*>(x + i)}; }
  __device__ Pack<T, N> finish(const Raw& raw, std::int64_t, const float (&)[N]) const { return raw.x; }
  __device__ static float mean_offset(float bias) { return bias; }
};

// x + branch + bias, rounded and written to x.
template <typename T_, int N>
struct SumInput {
  using T = T_;
  static constexpr int kWidth = N;
  static constexpr int kTile = 4, kBlocks = 2, kChunks = 528;
  T* x;
  const T* branch;  // may be null

  struct Raw {
    Pack<T, N> x, branch;
  };
  __device__ Raw load(std::int64_t i) const {
    Raw raw{*reinterpret_cast<const Pack<T, N>*>(x + i), {}};
    if (branch) raw.branch = *reinterpret_cast<const Pack<T, N>*>(branch + i);
    return raw;
  }
  __device__ Pack<T, N> finish(const Raw& raw, std::int64_t i, const float (&bias)[N]) const {
    Pack<T, N> sum;
#pragma unroll
    for (int j = 0; j < N; ++j) {
      sum.values[j] = from_float<T>(to_float(raw.x.values[j]) + to_float(raw.branch.values[j]) + bias[j]);
    }
    *reinterpret_cast<Pack<T, N>*>(x + i) = sum;
    return sum;
  }
  __device__ static float mean_offset(float) { return 0; }
};

// Rows first, first + step, ... below end, at channel `channel`.
template <typename Input, int N = Input::kWidth>
__device__ Running<N> scan_rows(const Input& input, const float (&bias)[N], std::int64_t channels, std::int64_t channel,
                                std::int64_t first, std::int64_t end, int step) {
  constexpr int kTile = Input::kTile;
  Running<N> running;
  std::int64_t row = first;
  for (; row + (kTile - 1) * step < end; row += kTile * step) {
    typename Input::Raw raw[kTile];
    Pack<typename Input::T, N> rows[kTile];
#pragma unroll
    for (int k = 0; k < kTile; ++k) raw[k] = input.load((row + k * step) * channels + channel);
#pragma unroll
    for (int k = 0; k < kTile; ++k) rows[k] = input.finish(raw[k], (row + k * step) * channels + channel, bias);
    merge_tile(running, rows);
  }
  for (; row < end; row += step) {
    const std::int64_t i = row * channels + channel;
    merge_row(running, input.finish(input.load(i), i, bias));
  }
  return running;
}

// Means and m2 of a block: [row_lanes][slice_channels]; row lane r has seen count(r) rows of each channel.
struct BlockMoments {
  const float *means, *m2s;
  int chunk_rows, row_lanes, slice_channels;

  __device__ float count(int row_lane) const {
    return row_lane < chunk_rows ? static_cast<float>((chunk_rows - row_lane + row_lanes - 1) / row_lanes) : 0.0f;
  }
};

// One warp: the moments of the group that starts at channel `first` of the slice.
__device__ float2 reduce_group(const BlockMoments& block, int first, int group_channels) {
  const int entries = block.row_lanes * group_channels;
  const float pivot = block.means[first];
  float shifted = 0, m2 = 0;
  for (int e = threadIdx.x % 32; e < entries; e += 32) {
    const int row_lane = e / group_channels, at = row_lane * block.slice_channels + first + e % group_channels;
    shifted += block.count(row_lane) * (block.means[at] - pivot);
  }
  const float mean = pivot + warp_sum(shifted) / (static_cast<float>(block.chunk_rows) * group_channels);
  for (int e = threadIdx.x % 32; e < entries; e += 32) {
    const int row_lane = e / group_channels, at = row_lane * block.slice_channels + first + e % group_channels;
    const float delta = block.means[at] - mean;
    m2 += block.m2s[at] + block.count(row_lane) * delta * delta;
  }
  return {mean, warp_sum(m2)};
}

// Grid: (chunks, slices). partial: [chunks, groups].
template <typename Input, int N = Input::kWidth>
__global__ void __launch_bounds__(kThreads, Input::kBlocks)
    moments_kernel(Input input, const float* bias, MomentsPlan plan, float2* partial) {
  __shared__ float means[kThreads * N], m2s[kThreads * N];
  const int slice_channels = plan.slice_groups * plan.group_channels;
  const int lanes = slice_channels / N, row_lanes = kThreads / lanes;
  const int lane = threadIdx.x % lanes, row_lane = threadIdx.x / lanes;
  const std::int64_t first = blockIdx.x * plan.chunk_rows, end = min(first + plan.chunk_rows, plan.rows);
  const std::int64_t channel = blockIdx.y * slice_channels + lane * N;
  if (row_lane < row_lanes) {
    float added[N];
#pragma unroll
    for (int j = 0; j < N; ++j) added[j] = bias ? bias[channel + j] : 0.0f;
    const auto running = scan_rows(input, added, plan.channels, channel, first + row_lane, end, row_lanes);
#pragma unroll
    for (int j = 0; j < N; ++j) {
      means[threadIdx.x * N + j] = running.mean[j] + Input::mean_offset(added[j]);
      m2s[threadIdx.x * N + j] = running.m2[j];
    }
  }
  __syncthreads();
  const BlockMoments block{means, m2s, static_cast<int>(end - first), row_lanes, slice_channels};
  for (int g = threadIdx.x / 32; g < plan.slice_groups; g += kThreads / 32) {
    const float2 moments = reduce_group(block, g * plan.group_channels, plan.group_channels);
    const int groups = plan.slice_groups * gridDim.y;
    if (threadIdx.x % 32 == 0) partial[blockIdx.x * groups + blockIdx.y * plan.slice_groups + g] = moments;
  }
}

// One block a group: the chunks' moments to (mean, 1 / sqrt(variance + eps)).
__global__ void __launch_bounds__(kThreads)
    merge_chunks_kernel(const float2* partial, MomentsPlan plan, int chunks, float eps, float2* moments) {
  const int groups = gridDim.x;
  partial += blockIdx.x;
  const auto count = [&](int chunk) {
    return static_cast<float>(min(plan.chunk_rows, plan.rows - chunk * plan.chunk_rows)) * plan.group_channels;
  };
  const float total = static_cast<float>(plan.rows) * plan.group_channels, pivot = partial[0].x;
  float shifted = 0, m2 = 0;
  for (int c = threadIdx.x; c < chunks; c += kThreads) shifted += count(c) * (partial[c * groups].x - pivot);
  const float mean = pivot + block_sum<0>(shifted) / total;
  for (int c = threadIdx.x; c < chunks; c += kThreads) {
    const float delta = partial[c * groups].x - mean;
    m2 += partial[c * groups].y + count(c) * delta * delta;
  }
  m2 = block_sum<1>(m2);
  if (threadIdx.x == 0) moments[blockIdx.x] = {mean, 1.0f / sqrtf(m2 / total + eps)};
}

// One thread a group, its strips in order, in float64: there are few.
__global__ void __launch_bounds__(kThreads) merge_strips_kernel(MergeMomentsArgs args) {
  const std::int64_t group = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (group >= args.groups) return;
  double count = 0, mean = 0, m2 = 0;
  for (std::int64_t i = 0; i < args.count; ++i) {
    const double rows = static_cast<double>(i + 1 < args.count ? args.part_rows : args.last_rows);
    const float2 part = reinterpret_cast<const float2*>(args.parts)[i * args.groups + group];
    const double delta = part.x - mean, total = count + rows;
    mean += delta * (rows / total);
    m2 += rows / (static_cast<double>(part.y) * part.y) + delta * delta * (count * rows / total);
    count = total;
  }
  reinterpret_cast<float2*>(args.moments)[group] = {static_cast<float>(mean),
                                                    static_cast<float>(1 / sqrt(m2 / count + args.eps))};
}

// The most groups whose channels one block can take in packs of `width`; 0 where there is no such number.
int slice_groups(const ImageShape& shape, int width) {
  const std::int64_t group_channels = shape.channels / shape.groups;
  for (std::int64_t g = shape.groups; g >= 1; --g) {
    const std::int64_t channels = g * group_channels;
    if (shape.groups % g == 0 && channels % width == 0 && channels / width <= kThreads) return static_cast<int>(g);
  }
  return 0;
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <typename Input>
MomentsPlan make_plan(const ImageShape& shape, int slice) {
  const int group_channels = static_cast<int>(shape.channels / shape.groups);
  // rows a block has in flight
  const std::int64_t tile = Input::kTile * (kThreads / (slice * group_channels / Input::kWidth));
  const std::int64_t wanted = std::max(ceil_div(shape.rows, Input::kChunks), 16 / Input::kTile * tile);
  return {shape.rows, ceil_div(wanted, tile) * tile, static_cast<int>(shape.channels), group_channels, slice};
}

template <typename Input>
void run_moments(const Input& input, const float* bias, const GroupReduction& out, int slice, Stream stream) {
  const MomentsPlan plan = make_plan<Input>(out.shape, slice);
  const int chunks = static_cast<int>(ceil_div(plan.rows, plan.chunk_rows)),
            groups = static_cast<int>(out.shape.groups);
  float2* const partial = reinterpret_cast<float2*>(out.partial);
  moments_kernel<<<dim3(chunks, groups / slice), kThreads, 0, stream>>>(input, bias, plan, partial);
  merge_chunks_kernel<<<groups, kThreads, 0, stream>>>(partial, plan, chunks, out.eps,
                                                       reinterpret_cast<float2*>(out.moments));
}

}  // namespace

void launch_group_moments(const GroupMomentsArgs& args, Stream stream) {
  with_element(args.x.type, [&](auto element) {
    using T = decltype(element);
    constexpr int kWide = 16 / sizeof(T);
    const T* x = static_cast<const T*>(args.x.data);
    if (const int slice = slice_groups(args.out.shape, kWide)) {
      run_moments(BiasedInput<T, kWide>{x}, args.bias, args.out, slice, stream);
    } else {
      run_moments(BiasedInput<T, 1>{x}, args.bias, args.out, slice_groups(args.out.shape, 1), stream);
    }
  });
}

void launch_merge_moments(const MergeMomentsArgs& args, Stream stream) {
  const unsigned blocks = static_cast<unsigned>(ceil_div(args.groups, kThreads));
  merge_strips_kernel<<<blocks, kThreads, 0, stream>>>(args);
}

void launch_add_group_moments(const AddGroupMomentsArgs& args, Stream stream) {
  with_element(args.x.type, [&](auto element) {
    using T = decltype(element);
    constexpr int kWide = 16 / sizeof(T);
    T* const x = static_cast<T*>(args.x.data);
    const T* branch = static_cast<const T*>(args.branch);
    if (const int slice = slice_groups(args.out.shape, kWide)) {
      run_moments(SumInput<T, kWide>{x, branch}, args.bias, args.out, slice, stream);
    } else {
      run_moments(SumInput<T, 1>{x, branch}, args.bias, args.out, slice_groups(args.out.shape, 1), stream);
    }
  });
}

}  // namespace zimage::kernels
