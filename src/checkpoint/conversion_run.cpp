#include "checkpoint/conversion_run.h"

#include "base/number_formats.h"
#include "base/text.h"
#include "io/new_file.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

namespace zimage {
namespace {

constexpr std::uint64_t kPieceElements = 1 << 20;  // 4 MiB of float32
constexpr unsigned kMinThreads = 2, kMaxThreads = 8;

struct ConversionPiece {
  const ConvertedTensor* tensor;
  std::uint64_t first, elements;
};

// Value by value. Returns the largest magnitude's
// float32 bits, by which infinity and NaN are the largest of all.
template <typename From, typename Widen, typename Narrow>
std::int32_t convert(const std::byte* from, std::size_t count, std::byte* to, const Widen& widen,
                     const Narrow& narrow) {
  std::int32_t largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    From stored;
    std::memcpy(&stored, from + i * sizeof stored, sizeof stored);
    const float value = widen(stored);
    const std::uint16_t rounded = narrow(value);
    std::memcpy(to + i * sizeof rounded, &rounded, sizeof rounded);
    largest = std::max(largest, static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFF));
  }
  return largest;
}

template <typename Narrow>
std::int32_t convert_from(DType dtype, const std::byte* from, std::size_t count, std::byte* to, const Narrow& narrow) {
  if (dtype == DType::f32) {
    return convert<std::uint32_t>(
        from, count, to, [](std::uint32_t bits) { return std::bit_cast<float>(bits); }, narrow);
  }
  if (dtype == DType::bf16) {
    return convert<std::uint16_t>(
        from, count, to, [](std::uint16_t bits) { return value_of_bf16(bits); }, narrow);
  }
  return convert<std::uint16_t>(
      from, count, to, [](std::uint16_t bits) { return value_of_f16(bits); }, narrow);
}

// The least magnitude that becomes infinite, as float32 bits.
std::int32_t first_overflow(DType to) { return to == DType::f16 ? 0x477FF000 : 0x7F7F8000; }

float value_at(DType dtype, const std::byte* from, std::size_t i) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, from + i * dtype_bytes(dtype), dtype_bytes(dtype));
  const auto half = static_cast<std::uint16_t>(bits);
  return dtype == DType::f32    ? std::bit_cast<float>(bits)
         : dtype == DType::bf16 ? value_of_bf16(half)
                                : value_of_f16(half);
}

[[noreturn]] void refuse_value(const ConvertedFile& file, const ConversionPiece& piece, const std::byte* stored) {
  const io::TensorInfo& info = *piece.tensor->from;
  const DType to = piece.tensor->dtype;
  std::size_t i = 0;
  const auto magnitude = [&] {
    return static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(value_at(info.dtype, stored, i)) & 0x7FFFFFFF);
  };
  while (i + 1 < piece.elements && magnitude() < first_overflow(to)) ++i;
  const bool finite = magnitude() < 0x7F800000;
  std::string rule = "is not finite";
  if (finite) {
    rule = "is " + std::to_string(value_at(info.dtype, stored, i)) + ", too large for " + std::string(option_name(to));
    if (to == DType::f16) rule += " (65504 at most); --dtype bf16 holds it";
  }
  throw Error(ErrorKind::model, printable(file.from->file().path().native()) + ": tensor \"" +
                                    printable(info.name, 200) + "\": element " + std::to_string(piece.first + i) + ' ' +
                                    rule);
}

std::vector<ConversionPiece> pieces_of(const ConvertedFile& file) {
  std::vector<ConversionPiece> pieces;
  for (const ConvertedTensor& tensor : file.tensors) {
    const std::uint64_t elements = tensor.from->bytes / dtype_bytes(tensor.from->dtype);
    for (std::uint64_t first = 0; first < elements; first += kPieceElements) {
      pieces.push_back({&tensor, first, std::min(kPieceElements, elements - first)});
    }
  }
  return pieces;
}

// Calls `take` with each piece of the new file and its bytes, from several threads.
class Converters {
 public:
  using Take = std::function<void(std::uint64_t offset, std::span<const std::byte> bytes)>;

  Converters(const ConvertedFile& file, const Take& take, const KeepGoing& keep_going)
      : file_(file), take_(take), keep_going_(keep_going), pieces_(pieces_of(file)) {}

  // False: stopped. Throws what a thread threw.
  bool run() {
    {
      std::vector<std::jthread> threads;
      const unsigned count = std::clamp(std::thread::hardware_concurrency(), kMinThreads, kMaxThreads);
      for (unsigned i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    }
    if (failure_) std::rethrow_exception(failure_);
    return !stopped_;
  }

 private:
  void work() {
    try {
      std::vector<std::byte> stored(kPieceElements * sizeof(double)), rounded(kPieceElements * sizeof(std::uint16_t));
      while (!stopped_) {
        const std::size_t i = next_++;
        if (i >= pieces_.size()) return;
        if (keep_going_()) {
          convert_piece(pieces_[i], stored, rounded);
        } else {
          stopped_ = true;
        }
      }
    } catch (...) {
      stopped_ = true;
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }

  void convert_piece(const ConversionPiece& piece, std::vector<std::byte>& stored, std::vector<std::byte>& rounded) {
    const io::TensorInfo& info = *piece.tensor->from;
    const DType to = piece.tensor->dtype;
    const std::uint64_t width = dtype_bytes(info.dtype), new_width = dtype_bytes(to);
    const std::span<std::byte> in = std::span(stored).first(piece.elements * width);
    file_.from->file().read_at(info.offset + piece.first * width, in);
    const std::uint64_t offset = piece.tensor->offset + piece.first * new_width;
    if (to == info.dtype) return take_(offset, in);
    const auto round = [&](const auto& narrow) {
      return convert_from(info.dtype, in.data(), piece.elements, rounded.data(), narrow);
    };
    const std::int32_t largest = to == DType::f16 ? round([](float value) { return f16_of(value); })
                                                  : round([](float value) { return bf16_of(value); });
    if (largest >= first_overflow(to)) refuse_value(file_, piece, in.data());
    take_(offset, std::span(rounded).first(piece.elements * new_width));
  }

  const ConvertedFile& file_;
  const Take& take_;
  const KeepGoing& keep_going_;
  std::vector<ConversionPiece> pieces_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

bool write_converted(const ConvertedFile& file, const std::filesystem::path& dir, const KeepGoing& keep_going) {
  io::NewFile out(dir / file.name);
  out.write_at(0, std::as_bytes(std::span(file.header)));
  const Converters::Take write = [&](std::uint64_t offset, std::span<const std::byte> bytes) {
    out.write_at(offset, bytes);
  };
  if (!Converters(file, write, keep_going).run()) return false;
  out.sync_and_close();
  out.publish(io::Overwrite::yes);
  io::sync_directory((dir / file.name).parent_path());
  return true;
}

bool is_converted(const ConvertedFile& file, const std::filesystem::path& dir, const KeepGoing& keep_going) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(dir / file.name, error)) return false;
  const io::ReadFile there(dir / file.name);
  if (there.size() != file.bytes) return false;
  std::atomic<bool> same = true;
  const Converters::Take compare = [&](std::uint64_t offset, std::span<const std::byte> bytes) {
    std::vector<std::byte> found(bytes.size());
    there.read_at(offset, found);
    if (!std::equal(bytes.begin(), bytes.end(), found.begin())) same = false;
  };
  compare(0, std::as_bytes(std::span(file.header)));
  const KeepGoing while_same = [&] { return same && keep_going(); };
  return same && Converters(file, compare, while_same).run() && same;
}

}  // namespace zimage
