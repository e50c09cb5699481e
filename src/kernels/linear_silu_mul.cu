// silu(x gateᵀ) * (x upᵀ) * scale for sm_90a: one persistent kernel, whose products stay in registers until they are
// multiplied, so that the products of twice the columns are neither rounded, nor written, nor read again.
//
// A block works on tiles of 128 rows by 128 columns of the result, for which it needs 128 of the gate's and of up's
// products each. One thread feeds a ring of stages through the tensor copy engine; two warpgroups multiply 64×256 each,
// and write. Two neighbouring blocks form a cluster and share what both need.
#include "kernels/element.cuh"
#include "kernels/hopper.cuh"
#include "kernels/launch.h"
#include "kernels/tensor_map.cuh"
#include "plan/gated_product.h"

#include <algorithm>

namespace zimage::kernels {
namespace {

using namespace hopper;

constexpr int kRows = kGatedTile, kColumns = kGatedTile;  // of a tile of the result
constexpr int kDepth = 64, kStages = 4;  // of a stage: what a tile needs of `kDepth` columns of x and the weight
constexpr int kRowBytes = kRows * kDepth * 2, kHalfBytes = kColumns * kDepth * 2;  // x; the gate, or up
constexpr int kStageBytes = kRowBytes + 2 * kHalfBytes;
constexpr int kBoxBytes = 64 * 64 * 2;  // of the result; a warpgroup's part of a tile is two boxes
constexpr int kBarriers = kStages * kStageBytes + 4 * kBoxBytes;
constexpr int kSharedBytes = kBarriers + 2 * kStages * 8 + 1024;  // the last for the alignment
constexpr int kThreads = 3 * 128;
static_assert(kSharedBytes <= 227 * 1024, "what a block may have");

// Rows of tiles that are walked through together: x and the weight's part stay in the L2 cache. Of 6, 8, 12, 18 and
// all, 18 was the fastest at 4224 tokens on an H200.
constexpr int kMaxGroup = 18;

struct Tiling {
  int k_steps, m_tiles, n_tiles;
  int group;     // an even number, or all of m_tiles
  int features;  // columns of the result
  float scale;
};

// Tiles come in pairs, one for each block of a cluster: one below the other, sharing the weights, or in the last row of
// an odd number, beside each other, sharing x.
struct Tile {
  int m, n;
  bool same_weights;
};
__host__ __device__ inline int pairs_of(const Tiling& tiling) { return tiling.m_tiles * ((tiling.n_tiles + 1) / 2); }

// The pairs of a group's two columns of tiles follow each other.
__device__ Tile tile_of(int pair, int rank, const Tiling& tiling) {
  const int columns = (tiling.n_tiles + 1) / 2, per_group = tiling.group * columns;
  const int first = pair / per_group * tiling.group, count = min(tiling.group, tiling.m_tiles - first);
  const int in_group = pair % per_group, column = in_group / count, i = in_group % count;
  if (i == count - 1 && count % 2 == 1) return {first + i, 2 * column + rank, false};
  return {first + i / 2 * 2 + rank, 2 * column + i % 2, true};
}

struct Shared {
  std::uint32_t base;
  __device__ explicit Shared(const void* memory) : base((shared_address(memory) + 1023) / 1024 * 1024) {}
  __device__ std::uint32_t rows(int stage) const { return base + stage * kStageBytes; }
  __device__ std::uint32_t weights(int stage) const { return rows(stage) + kRowBytes; }
  __device__ std::uint32_t out(int warpgroup) const { return base + kStages * kStageBytes + warpgroup * 2 * kBoxBytes; }
  __device__ std::uint32_t full(int stage) const { return base + kBarriers + stage * 8; }
  __device__ std::uint32_t empty(int stage) const { return full(kStages + stage); }
};

// One thread: fills the stages, tile after tile.
__device__ void feed(const Shared& shared, const CUtensorMap& x, const CUtensorMap& weight, const Tiling& tiling) {
  const int rank = cluster_rank();
  unsigned step = 0;
  for (int pair = blockIdx.x / 2; pair < pairs_of(tiling); pair += gridDim.x / 2) {
    const Tile tile = tile_of(pair, rank, tiling);
    const int row = tile.m * kRows, gate = tile.n * kColumns, up = tiling.features + gate;
    for (int k = 0; k < tiling.k_steps; ++k, ++step) {
      const int stage = step % kStages, column = k * kDepth;
      const std::uint32_t full = shared.full(stage), rows = shared.rows(stage), weights = shared.weights(stage);
      wait(shared.empty(stage), (step / kStages & 1) ^ 1);
      arrive_and_expect(full, kStageBytes);
      if (tile.same_weights) {
        load_box(rows, x, column, row, full);
        load_box(rows + kRowBytes / 2, x, column, row + kRows / 2, full);
        load_box_of_both(weights + rank * kHalfBytes, weight, column, rank == 0 ? gate : up, full);
      } else {
        load_box_of_both(rows + rank * (kRowBytes / 2), x, column, row + rank * (kRows / 2), full);
        load_box(weights, weight, column, gate, full);
        load_box(weights + kHalfBytes, weight, column, up, full);
      }
    }
  }
}

// A warpgroup's thread: d = 64 rows' products with the gate, then with up, over a tile's stages from `step` on.
template <typename T>
__device__ void multiply(float (&d)[128], const Shared& shared, int warpgroup, int k_steps, unsigned step) {
  const auto release = [&](unsigned done) {  // to both blocks, which fill each other's stages
    if (threadIdx.x % 128 < 2) arrive_at(shared.empty(done % kStages), threadIdx.x % 128);
  };
  for (int k = 0; k < k_steps; ++k, ++step) {
    const int stage = step % kStages;
    wait(shared.full(stage), step / kStages & 1);
    const std::uint64_t a = rows_of_64(shared.rows(stage) + warpgroup * (kRowBytes / 2));
    const std::uint64_t b = rows_of_64(shared.weights(stage));
    begin_products();
#pragma unroll
    for (int i = 0; i < kDepth / 16; ++i) product_64x256x16<T>(d, a + 2 * i, b + 2 * i, k | i);
    commit_products();
    wait_for_products<1>();
    if (k > 0) release(step - 1);
  }
  wait_for_products<0>();
  release(step - 1);
}

__device__ std::uint32_t pair_of(__half, float a, float b) {
  const __half2 pair = __floats2half2_rn(a, b);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}
__device__ std::uint32_t pair_of(__nv_bfloat16, float a, float b) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(a, b);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

__device__ float gated(float gate, float up, float scale) {
  return __fdividef(gate, 1.0f + __expf(-gate)) * up * scale;
}

// Multiplies a warpgroup's products and writes them, 64 rows from `row` on, in boxes of 64 columns.
template <typename T>
__device__ void write(const float (&d)[128], const Shared& shared, int warpgroup, const CUtensorMap& y, int row,
                      int column, float scale) {
  const int thread = threadIdx.x % 128, lane = thread % 32, line = thread / 32 * 16 + lane % 16;
#pragma unroll
  for (int box = 0; box < 2; ++box) {
    std::uint32_t pairs[16];
#pragma unroll
    for (int i = 0; i < 16; ++i) {
      const int j = box * 32 + 2 * i;
      pairs[i] = pair_of(T{}, gated(d[j], d[64 + j], scale), gated(d[j + 1], d[65 + j], scale));
    }
    const std::uint32_t to = shared.out(warpgroup) + box * kBoxBytes;
    if (thread == 0) wait_for_stores<1>();  // this box's of the last tile
    sync_threads(1 + warpgroup, 128);
#pragma unroll
    for (int i = 0; i < 8; i += 2) {  // 8 columns each
      store_matrices(to + line * 128 + ((i + lane / 16) ^ (line % 8)) * 16,
                     {pairs[2 * i], pairs[2 * i + 1], pairs[2 * i + 2], pairs[2 * i + 3]});
    }
    fence_for_copies();
    sync_threads(1 + warpgroup, 128);
    if (thread == 0) store_box(y, column + box * 64, row, to);
  }
}

template <typename T>
__device__ void work(const Shared& shared, int warpgroup, const CUtensorMap& y, const Tiling& tiling) {
  const int rank = cluster_rank();
  float d[128];
  unsigned step = 0;
  for (int pair = blockIdx.x / 2; pair < pairs_of(tiling); pair += gridDim.x / 2, step += tiling.k_steps) {
    const Tile tile = tile_of(pair, rank, tiling);
    multiply<T>(d, shared, warpgroup, tiling.k_steps, step);
    write<T>(d, shared, warpgroup, y, tile.m * kRows + warpgroup * 64, tile.n * kColumns, tiling.scale);
  }
  if (threadIdx.x % 128 == 0) wait_for_stores<0>();
}

template <typename T>
__global__ void __launch_bounds__(kThreads, 1) __cluster_dims__(2)
    linear_silu_mul_kernel(const __grid_constant__ CUtensorMap x, const __grid_constant__ CUtensorMap weight,
                           const __grid_constant__ CUtensorMap y, const __grid_constant__ Tiling tiling) {
  extern __shared__ char memory[];
  const Shared shared(memory);
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < kStages; ++stage) {
      init_barrier(shared.full(stage), 1);
      init_barrier(shared.empty(stage), 4);  // the warpgroups of both blocks
    }
    publish_barriers();
  }
  __syncthreads();
  sync_cluster();
  if (threadIdx.x < 128) {
    give_registers<24>();
    if (threadIdx.x == 0) feed(shared, x, weight, tiling);
    __syncwarp();
  } else {
    take_registers<240>();
    work<T>(shared, static_cast<int>(threadIdx.x) / 128 - 1, y, tiling);
    __syncwarp();
  }
  sync_cluster();  // the other block may still load into this one, and arrive at its barriers
}

int ceil_div(std::int64_t a, int b) { return static_cast<int>((a + b - 1) / b); }

Tiling tiling_of(const LinearSiluMulArgs& args) {
  Tiling tiling{ceil_div(args.depth, kDepth), ceil_div(args.rows, kRows), ceil_div(args.columns, kColumns)};
  const int groups = ceil_div(tiling.m_tiles, kMaxGroup);
  tiling.group = groups == 1 ? tiling.m_tiles : 2 * ceil_div(tiling.m_tiles, 2 * groups);
  tiling.features = static_cast<int>(args.columns);
  tiling.scale = args.scale;
  return tiling;
}

int attribute(cudaDeviceAttr which) {
  int device = 0, value = 0;
  cudaGetDevice(&device);
  cudaDeviceGetAttribute(&value, which, device);
  return value;
}
int multiprocessors() { return attribute(cudaDevAttrMultiProcessorCount); }

template <typename T>
void launch(const LinearSiluMulArgs& args, Stream stream) {
  const CUtensorMap x = boxes_of<T>({args.x.data, args.rows, args.depth}, kRows / 2);
  const CUtensorMap weight = boxes_of<T>({args.weight, 2 * args.columns, args.depth}, kColumns);
  const CUtensorMap y = boxes_of<T>({args.y, args.rows, args.columns}, 64);
  const Tiling tiling = tiling_of(args);
  const auto kernel = linear_silu_mul_kernel<T>;
  cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kSharedBytes);
  const int blocks = 2 * std::min(pairs_of(tiling), multiprocessors() / 2);
  kernel<<<blocks, kThreads, kSharedBytes, stream>>>(x, weight, y, tiling);
}

}  // namespace

Fusion linear_silu_mul_fusion(const LinearSiluMulArgs& args) {
  const auto starts_well = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; };
  const bool fits = args.x.type != Element::f32 && args.rows > 0 && args.depth > 0 && args.depth % 8 == 0 &&
                    args.columns > 0 && args.columns % 8 == 0 && starts_well(args.x.data) && starts_well(args.weight);
  if (!fits || attribute(cudaDevAttrComputeCapabilityMajor) != 9 || !encode_tiled()) return Fusion::impossible;
  const bool pays = pays_in_one_kernel({args.rows, args.columns}, multiprocessors());
  return pays ? Fusion::faster : Fusion::slower;
}

void launch_linear_silu_mul(const LinearSiluMulArgs& args, Stream stream) {
  if (args.x.type == Element::f16) {
    launch<__half>(args, stream);
  } else {
    launch<__nv_bfloat16>(args, stream);
  }
}

}  // namespace zimage::kernels
