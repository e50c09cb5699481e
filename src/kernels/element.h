// Raw arguments of the CUDA kernels: pointers, sizes, a stream; no tensors, so that a .cu file compiles in seconds.
#pragma once

#include <cstdint>

struct CUstream_st;

namespace zimage::kernels {

enum class Element { f32, f16, bf16 };

// A pointer to device memory and the type of what it points at.
struct ConstSpan {
  const void* data;
  Element type;
};
struct MutableSpan {
  void* data;
  Element type;
};

using Stream = CUstream_st*;

}  // namespace zimage::kernels
