// What a decode of the VAE holds at once in maps: what models/vae claims before it starts, and a plan counts.
#pragma once

#include "plan/model_config.h"

namespace zimage::plan {

struct LatentSize {
  std::int64_t height = 0, width = 0;

  std::int64_t pixels() const { return height * width; }
};

// The largest map, in elements. A decode at once holds two: before and after its upsampler's convolution.
std::int64_t largest_map(const VaeConfig& config, LatentSize latents);

// A decode by strips of so many rows, in elements. What leaves the first level lies outside the buffer.
struct StripMemory {
  std::int64_t first = 0;
  std::int64_t buffer = 0;  // for every map behind the first level in turn
  std::int64_t beside = 0;  // at most at one time: a window and a strip of a convolution's result
};
StripMemory strip_memory(const VaeConfig& config, LatentSize latents, std::int64_t rows);

// Bytes that the middle's attention takes, which no lever changes. element: of a map, in bytes.
std::int64_t middle_bytes(const VaeConfig& config, LatentSize latents, std::int64_t element);

// Bytes of one piece of memory in which a decode by strips finds all that it needs: the middle's scores are gone before
// the buffer is taken.
std::int64_t strips_bytes(const VaeConfig& config, LatentSize latents, std::int64_t rows, std::int64_t element);

}  // namespace zimage::plan
