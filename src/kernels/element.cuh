// Element types, vector access and reductions shared by the kernels.
#pragma once

#include "kernels/element.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace zimage::kernels {

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(__half x) { return __half2float(x); }
__device__ inline float to_float(__nv_bfloat16 x) { return __bfloat162float(x); }

template <typename T>
__device__ T from_float(float x);
template <>
__device__ inline float from_float<float>(float x) {
  return x;
}
template <>
__device__ inline __half from_float<__half>(float x) {
  return __float2half_rn(x);
}
template <>
__device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float x) {
  return __float2bfloat16_rn(x);
}

// N neighbouring elements, moved by one instruction (16 bytes at most).
template <typename T, int N>
struct alignas(sizeof(T) * N) Pack {
  T values[N];
};

__device__ inline float warp_sum(float value) {
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffu, value, offset);
  return value;
}

// The sum over a block of at most 1024 threads, in every thread. Each call of one kernel takes a kCall of its own, and
// with it memory of its own: no barrier is needed between them.
template <int kCall>
__device__ float block_sum(float value) {
  __shared__ float partial[32];
  value = warp_sum(value);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = blockDim.x / 32;
  if (lane == 0) partial[warp] = value;
  __syncthreads();
  return warp_sum(lane < warps ? partial[lane] : 0.0f);
}

// Calls f(T{}) with the C++ type of `type`.
template <typename F>
void with_element(Element type, F&& f) {
  switch (type) {
    case Element::f32:
      return f(float{});
    case Element::f16:
      return f(__half{});
    case Element::bf16:
      return f(__nv_bfloat16{});
  }
}

}  // namespace zimage::kernels
