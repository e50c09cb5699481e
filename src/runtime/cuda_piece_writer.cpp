#include "runtime/host_block.h"
#include "runtime/piece_writer.h"

#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <array>

namespace zimage {
namespace {

constexpr std::size_t kBuffersPerWriter = 2;
constexpr std::size_t kBytesPerWriter = kBuffersPerWriter * kPieceBytes;
// Waiting readers leave their core to who prepares the next evaluation.
constexpr unsigned kEventFlags = cudaEventDisableTiming | cudaEventBlockingSync;

class CudaPieceWriter final : public PieceWriter {
 public:
  explicit CudaPieceWriter(const at::Tensor& staging)
      : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, staging.device().index())), staging_(staging) {}

  // Also when a load was given up, nothing uses the memory any more once it is freed.
  ~CudaPieceWriter() override {
    const c10::cuda::CUDAGuard guard(stream_.device());
    cudaStreamSynchronize(stream_);
    memory_.reset();
  }

  void begin() override {
    c10::cuda::CUDAEvent allocated(kEventFlags);
    allocated.record(c10::cuda::getCurrentCUDAStream(stream_.device_index()));
    allocated.block(stream_);
  }

  std::span<std::byte> buffer(const Piece& piece) override {
    const c10::cuda::CUDAGuard guard(stream_.device());
    if (!memory_) {  // here, so that all writers pin at the same time
      memory_ = std::make_unique<HostBlock>(kBytesPerWriter);
      memory_->pin();
    }
    uploaded_[next_].synchronize();
    return {next_buffer(), static_cast<std::size_t>(piece.stored_bytes())};
  }

  void submit(const Piece& piece) override {
    const c10::cuda::CUDAStreamGuard guard(stream_);
    const bool converts = piece.stored != piece.wanted;
    C10_CUDA_CHECK(cudaMemcpyAsync(converts ? staging_.data_ptr() : piece.out, next_buffer(),
                                   static_cast<std::size_t>(piece.stored_bytes()), cudaMemcpyHostToDevice, stream_));
    uploaded_[next_].record(stream_);
    next_ = (next_ + 1) % kBuffersPerWriter;
    if (!converts) return;
    const at::Tensor stored = staging_.narrow(0, 0, piece.stored_bytes()).view(piece.stored);
    at::from_blob(piece.out, {piece.elements}, stored.options().dtype(piece.wanted)).copy_(stored);
  }

  void finish() override {
    c10::cuda::CUDAEvent all(kEventFlags);
    all.record(stream_);
    all.synchronize();
  }

 private:
  std::byte* next_buffer() const { return memory_->data() + next_ * kPieceBytes; }

  c10::cuda::CUDAStream stream_;
  at::Tensor staging_;  // a piece's stored values on the device, until they are converted
  std::unique_ptr<HostBlock> memory_;
  std::array<c10::cuda::CUDAEvent, kBuffersPerWriter> uploaded_{c10::cuda::CUDAEvent(kEventFlags),
                                                                c10::cuda::CUDAEvent(kEventFlags)};
  std::size_t next_ = 0;
};

}  // namespace

PieceWriters cuda_piece_writers(at::Device device, std::size_t count) {
  const c10::cuda::CUDAGuard guard(device);
  const at::Tensor staging =
      at::empty({static_cast<std::int64_t>(count), kPieceBytes}, at::device(device).dtype(at::kByte));
  PieceWriters writers;
  for (const at::Tensor& own : staging.unbind(0)) writers.push_back(std::make_unique<CudaPieceWriter>(own));
  for (const auto& writer : writers) writer->begin();  // `staging` is of the current stream
  return writers;
}

}  // namespace zimage
