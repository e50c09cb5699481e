#include "runtime/piece_writer.h"

#include <algorithm>

namespace zimage {
namespace {

// ATen copies fewer elements than this on the calling thread alone; the readers are parallel already.
constexpr std::int64_t kSerialElements = 32'000;

class HostPieceWriter final : public PieceWriter {
 public:
  void begin() override {}

  std::span<std::byte> buffer(const Piece& piece) override {
    const auto bytes = static_cast<std::size_t>(piece.stored_bytes());
    if (piece.stored == piece.wanted) return {piece.out, bytes};
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kPieceBytes);
    return {buffer_.get(), bytes};
  }

  void submit(const Piece& piece) override {
    if (piece.stored == piece.wanted) return;
    const at::Tensor from = at::from_blob(buffer_.get(), {piece.elements}, at::device(at::kCPU).dtype(piece.stored));
    const at::Tensor to = at::from_blob(piece.out, {piece.elements}, at::device(at::kCPU).dtype(piece.wanted));
    for (std::int64_t i = 0; i < piece.elements; i += kSerialElements) {
      const std::int64_t count = std::min(kSerialElements, piece.elements - i);
      to.narrow(0, i, count).copy_(from.narrow(0, i, count));
    }
  }

  void finish() override {}

 private:
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace

PieceWriters host_piece_writers(std::size_t count) {
  PieceWriters writers;
  for (std::size_t i = 0; i < count; ++i) writers.push_back(std::make_unique<HostPieceWriter>());
  return writers;
}

}  // namespace zimage
