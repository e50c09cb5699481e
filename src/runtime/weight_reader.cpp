#include "runtime/weight_reader.h"

#include "zimage/pipeline.h"

#include "base/number_formats.h"
#include "runtime/scalar_type.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace zimage {
namespace {

constexpr std::chrono::milliseconds kReportEvery(50);

void read_piece(const Piece& piece, std::span<std::byte> out) {
  if (!piece.float8_scale) return piece.file->read_at(piece.offset, out);
  constexpr std::int64_t kCodes = 64 << 10;  // stay in the processor's cache until they are widened
  const std::size_t width = c10::elementSize(piece.stored);
  std::vector<std::byte> codes(static_cast<std::size_t>(std::min(kCodes, piece.elements)));
  for (std::size_t done = 0; done < out.size() / width; done += codes.size()) {
    const std::span<std::byte> some = std::span(codes).first(std::min(codes.size(), out.size() / width - done));
    piece.file->read_at(piece.offset + done, some);
    widen_f8_e4m3(some, *piece.float8_scale, dtype_of(piece.stored), out.data() + done * width);
  }
}

// The threads of one read. Destroying it stops and joins them.
class Readers {
 public:
  Readers(const std::vector<Piece>& pieces, const PieceWriters& writers) : pieces_(pieces) {
    const std::size_t count = std::min(writers.size(), pieces.size());
    running_ = count;
    for (std::size_t i = 0; i < count; ++i) {
      threads_.emplace_back([this, writer = writers[i].get()] { run(*writer); });
    }
  }
  ~Readers() { stop(); }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  std::uint64_t bytes() const { return bytes_; }
  void stop() { stopped_ = true; }

  // Whether all threads have ended within `time`.
  bool wait(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, time, [this] { return running_ == 0; });
  }

  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void run(PieceWriter& writer) {
    std::exception_ptr failure;
    try {
      const c10::InferenceMode inference;
      copy_pieces(writer);
    } catch (...) {
      failure = std::current_exception();
      stop();
    }
    const std::lock_guard lock(mutex_);
    if (failure && !failure_) failure_ = failure;
    if (--running_ == 0) ended_.notify_all();
  }

  void copy_pieces(PieceWriter& writer) {
    while (!stopped_) {
      const std::size_t i = next_++;
      if (i >= pieces_.size()) break;
      const Piece& piece = pieces_[i];
      read_piece(piece, writer.buffer(piece));
      writer.submit(piece);
      bytes_ += static_cast<std::uint64_t>(piece.file_bytes());
    }
    writer.finish();
  }

  const std::vector<Piece>& pieces_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

PieceWriters make_writers(at::Device device, std::size_t max_threads) {
  const std::size_t threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, max_threads);
  return device.is_cuda() ? cuda_piece_writers(device, threads) : host_piece_writers(threads);
}

}  // namespace

WeightReader::WeightReader(at::Device device, std::size_t max_threads)
    : device_(device), writers_(make_writers(device, max_threads)) {}

void WeightReader::read(const std::vector<Piece>& pieces) {
  for (const auto& writer : writers_) writer->begin();
  Readers readers(pieces, writers_);
  bool wanted = true;
  for (bool ended = false; !ended;) {
    ended = readers.wait(kReportEvery);
    if (wanted && progress_) wanted = progress_(bytes_before_ + readers.bytes());
    if (!wanted) readers.stop();
  }
  readers.rethrow_failure();
  if (!wanted) throw Cancelled{};
  bytes_before_ += readers.bytes();
}

}  // namespace zimage
