// Gets weights from files into memory: several threads read pieces, each uploads or converts what it has read.
#pragma once

#include "runtime/piece_writer.h"

#include <functional>

namespace zimage {

// Called with the bytes read so far; returning false stops the load (Cancelled).
using LoadProgress = std::function<bool(std::uint64_t bytes)>;

// Owns the buffers of a load; free it when all is loaded.
class WeightReader {
 public:
  static constexpr std::size_t kMaxThreads = 16;

  // Brings the device up and pins the buffers: half a second on a GPU.
  explicit WeightReader(at::Device device, std::size_t max_threads = kMaxThreads);

  at::Device device() const { return device_; }

  // `progress` counts all that this reader reads from here on; it is called on the thread that calls read.
  void report_to(LoadProgress progress) { progress_ = std::move(progress); }

  // Returns when every piece is in its place. Host memory: the buffers only. Throws what stopped a thread, Error(io)
  // for a file that has become shorter, or Cancelled; the memory then holds anything, and nothing writes to it any
  // more.
  void read(const std::vector<Piece>& pieces);

 private:
  at::Device device_;
  LoadProgress progress_;
  PieceWriters writers_;  // one per thread
  std::uint64_t bytes_before_ = 0;
};

}  // namespace zimage
