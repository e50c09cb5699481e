// Hopper's own instructions, in sm_90a machine code: barriers in shared memory, the tensor copy engine, matrix products
// of a warpgroup. Addresses in shared memory are its 32-bit ones.
#pragma once

#include <cuda.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace zimage::kernels::hopper {

__device__ inline std::uint32_t shared_address(const void* p) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(p));
}

// --- Barriers: a phase ends when all arrivals and all bytes announced have come. -------------------------------------

__device__ inline void init_barrier(std::uint32_t barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}
// Makes the initialised barriers known to the copy engine and to the cluster's other blocks.
__device__ inline void publish_barriers() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

__device__ inline void arrive_and_expect(std::uint32_t barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}
// At the barrier that lies at the same address in block `rank` of the cluster.
__device__ inline void arrive_at(std::uint32_t barrier, int rank) {
  asm volatile(
      "{\n"
      ".reg .b32 remote;\n"
      "mapa.shared::cluster.u32 remote, %0, %1;\n"
      "mbarrier.arrive.shared::cluster.b64 _, [remote];\n"
      "}" ::"r"(barrier),
      "r"(rank)
      : "memory");
}
__device__ inline bool try_wait(std::uint32_t barrier, int parity) {
  std::uint32_t done;
  asm volatile(
      "{\n"
      ".reg .pred p;\n"
      "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
      "selp.u32 %0, 1, 0, p;\n"
      "}"
      : "=r"(done)
      : "r"(barrier), "r"(parity)
      : "memory");
  return done != 0;
}
// Until the phase of that parity is over.
__device__ inline void wait(std::uint32_t barrier, int parity) {
  while (!try_wait(barrier, parity)) {
  }
}

__device__ inline void sync_cluster() {
  asm volatile("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;" ::: "memory");
}
__device__ inline int cluster_rank() {
  int rank;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}
// Among the `threads` threads that name the barrier `id`.
__device__ inline void sync_threads(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

// --- The tensor copy engine: boxes of a matrix, swizzled by 128 bytes.
// ------------------------------------------------

__device__ inline void prefetch(const CUtensorMap& map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
}
// The box at (column, row) into `to`; its bytes count towards `barrier`.
__device__ inline void load_box(std::uint32_t to, const CUtensorMap& map, int column, int row, std::uint32_t barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
      " [%0], [%1, {%3, %4}], [%2];" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(column), "r"(row)
      : "memory");
}
// The same into both blocks of a cluster of two, where it counts towards each one's barrier.
__device__ inline void load_box_of_both(std::uint32_t to, const CUtensorMap& map, int column, int row,
                                        std::uint32_t barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster"
      " [%0], [%1, {%3, %4}], [%2], %5;" ::"r"(to),
      "l"(&map), "r"(barrier), "r"(column), "r"(row), "h"(std::uint16_t{3})
      : "memory");
}
__device__ inline void store_box(const CUtensorMap& map, int column, int row, std::uint32_t from) {
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%0, {%2, %3}], [%1];" ::"l"(&map),
               "r"(from), "r"(column), "r"(row)
               : "memory");
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}
// Until all but the last `kPending` stores of this thread have read their source.
template <int kPending>
__device__ void wait_for_stores() {
  asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(kPending) : "memory");
}
// Orders this thread's writes to shared memory before reads of the copy engine.
__device__ inline void fence_for_copies() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// Four 8×8 matrices of 16-bit elements; each lane gives a row's address and two neighbours of each matrix.
__device__ inline void store_matrices(std::uint32_t row, const std::uint32_t (&pairs)[4]) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(row), "r"(pairs[0]),
               "r"(pairs[1]), "r"(pairs[2]), "r"(pairs[3])
               : "memory");
}

// --- Matrix products of a warpgroup
// ------------------------------------------------------------------------------------

template <int kRegisters>
__device__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

__device__ inline void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ inline void commit_products() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
// Until all but the last `kPending` committed groups are done.
template <int kPending>
__device__ void wait_for_products() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

// Rows of 64 16-bit elements, swizzled by 128 bytes, that begin at a multiple of 1024 bytes. Adding 2 steps on by 16
// elements.
__device__ inline std::uint64_t rows_of_64(std::uint32_t address) {
  constexpr std::uint64_t kSwizzle128 = std::uint64_t{1} << 62, kEightRows = std::uint64_t{1024 >> 4} << 32;
  return kSwizzle128 | kEightRows | std::uint64_t{1} << 16 | (address & 0x3FFFF) >> 4;
}

#define ZIMAGE_ACCUMULATORS(i)                                                                                \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), \
      "+f"(d[i + 7])
#define ZIMAGE_PRODUCT(type)                                                                                  \
  asm volatile(                                                                                               \
      "{\n.reg .pred p;\nsetp.ne.b32 p, %130, 0;\n"                                                           \
      "wgmma.mma_async.sync.aligned.m64n256k16.f32." type "." type                                            \
      " {"                                                                                                    \
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                \
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "                      \
      "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "                      \
      "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "                      \
      "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "                      \
      "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "                      \
      "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "          \
      "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "     \
      "%128, %129, p, 1, 1, 0, 0;\n}"                                                                         \
      : ZIMAGE_ACCUMULATORS(0), ZIMAGE_ACCUMULATORS(8), ZIMAGE_ACCUMULATORS(16), ZIMAGE_ACCUMULATORS(24),     \
        ZIMAGE_ACCUMULATORS(32), ZIMAGE_ACCUMULATORS(40), ZIMAGE_ACCUMULATORS(48), ZIMAGE_ACCUMULATORS(56),   \
        ZIMAGE_ACCUMULATORS(64), ZIMAGE_ACCUMULATORS(72), ZIMAGE_ACCUMULATORS(80), ZIMAGE_ACCUMULATORS(88),   \
        ZIMAGE_ACCUMULATORS(96), ZIMAGE_ACCUMULATORS(104), ZIMAGE_ACCUMULATORS(112), ZIMAGE_ACCUMULATORS(120) \
      : "l"(a), "l"(b), "r"(accumulate))

// d (+)= a bᵀ for 64×16 elements of a, 256×16 of b. Of each 8 columns j, a thread's d[4j .. 4j + 3] are columns
// 8j + 2 (lane % 4) and the next one, of rows 16 warp + lane / 4 and 8 below it.
template <typename T>
__device__ void product_64x256x16(float (&d)[128], std::uint64_t a, std::uint64_t b, int accumulate);
template <>
__device__ inline void product_64x256x16<__half>(float (&d)[128], std::uint64_t a, std::uint64_t b, int accumulate) {
  ZIMAGE_PRODUCT("f16");
}
template <>
__device__ inline void product_64x256x16<__nv_bfloat16>(float (&d)[128], std::uint64_t a, std::uint64_t b,
                                                        int accumulate) {
  ZIMAGE_PRODUCT("bf16");
}
#undef ZIMAGE_PRODUCT
#undef ZIMAGE_ACCUMULATORS

}  // namespace zimage::kernels::hopper
