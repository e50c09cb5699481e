// How one reading thread gets a piece from a file into a tensor's memory, on the host or on a GPU.
#pragma once

#include "runtime/piece.h"

#include <memory>
#include <span>
#include <vector>

namespace zimage {

// One thread's, except begin. For each piece: buffer, then the file's bytes are read into it, then submit.
class PieceWriter {
 public:
  PieceWriter() = default;
  virtual ~PieceWriter() = default;
  PieceWriter(const PieceWriter&) = delete;
  PieceWriter& operator=(const PieceWriter&) = delete;

  // Before a load into memory that the calling thread has just allocated: what its stream was given comes first.
  virtual void begin() = 0;
  // Memory for the piece's stored bytes. May wait for what it held before to be taken from it.
  virtual std::span<std::byte> buffer(const Piece& piece) = 0;
  // The buffer is full: takes the values to their place, converted. May return before they are there.
  virtual void submit(const Piece& piece) = 0;
  // Waits until all that was submitted is in its place.
  virtual void finish() = 0;
};

using PieceWriters = std::vector<std::unique_ptr<PieceWriter>>;

// Host memory: one buffer per writer, none for pieces that need no conversion.
PieceWriters host_piece_writers(std::size_t count);

// A GPU's memory: each writer fills one of two pinned buffers while the other one is uploaded on a stream of its own,
// where float32 becomes 16 bit too. Where the system refuses to pin, the buffers are pageable. Throws c10::Error.
PieceWriters cuda_piece_writers(at::Device device, std::size_t count);

}  // namespace zimage
