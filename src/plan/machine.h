// What a plan knows of the machine: measured at the start, or looked up for a card that one does not own.
#pragma once

#include "base/dtype.h"

#include <cstdint>
#include <string>

namespace zimage::plan {

// What a GPU sustains on matrix products, TFLOP/s.
struct ProductRates {
  double f16 = 0, bf16 = 0, f32 = 0;

  double of(DType dtype) const { return dtype == DType::f16 ? f16 : dtype == DType::bf16 ? bf16 : f32; }
};

struct Machine {
  std::string name;    // "NVIDIA H200", or a card's name in configs/cards.yaml
  int capability = 0;  // 10 · major + minor; 0: the CPU
  // That our own kernels for this capability run on (plan/gated_product.h); 0: not known, or this build has none.
  int multiprocessors = 0;
  std::uint64_t device_bytes = 0;
  std::uint64_t free_bytes = 0;        // what the process may take in all, its context included
  std::uint64_t context_bytes = 0;     // what the process takes once it has a context
  std::uint64_t libraries_bytes = 0;   // what GEMM, attention and convolution libraries add to that
  double link_bytes_per_second = 0;    // host to device, from pinned memory
  double memory_bytes_per_second = 0;  // of the device's own memory
  ProductRates tflops;
  std::uint64_t host_bytes = 0;  // available on the host
};

}  // namespace zimage::plan
