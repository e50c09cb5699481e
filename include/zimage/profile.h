// What loading and a picture cost: seconds on the device's own clock, and its memory.
#pragma once

#include <cstdint>
#include <vector>

namespace zimage {

// The most that was held at once by the allocator of the device's memory, in bytes; 0 on the CPU.
struct AllocatorPeak {
  std::uint64_t allocated = 0;  // by tensors
  std::uint64_t reserved = 0;   // from the driver, for tensors now and later
};

struct LoadProfile {
  double seconds = 0;  // from nothing to a model that can draw
  AllocatorPeak peak;  // until it was waited for
};

struct StageProfile {
  double seconds = 0;  // between CUDA events around the stage's work; on the CPU by the clock
  AllocatorPeak peak;
};

struct Profile {
  StageProfile encode;                     // prompt to embeddings
  StageProfile denoise;                    // noise to final latents, in host memory too
  StageProfile decode;                     // to 8-bit pixels in host memory
  std::vector<double> evaluation_seconds;  // of the transformer, one a step
  int encodes = 0;                         // prompts that went through the text encoder
};

}  // namespace zimage
