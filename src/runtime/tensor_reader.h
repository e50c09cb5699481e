// Bytes of a checkpoint file into a tensor of another type or device, through one bounded chunk.
#pragma once

#include "checkpoint/checkpoint.h"

#include <ATen/ATen.h>

namespace zimage {

class TensorReader {
 public:
  static constexpr std::int64_t kChunkBytes = 64 << 20;

  explicit TensorReader(at::Device device) : device_(device) {}

  // Fills `out` (contiguous, of source's element count, on the reader's device) with the converted values.
  // Throws Error(io) when the file ends early or cannot be read.
  void read(const TensorSource& source, at::Tensor out);

 private:
  void read_chunk(const TensorSource& source, std::uint64_t offset, std::int64_t bytes, std::byte* into) const;
  std::byte* chunk();

  at::Device device_;
  at::Tensor chunk_;  // pinned where the device is a GPU and pinning works
};

}  // namespace zimage
