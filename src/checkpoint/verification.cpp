#include "checkpoint/verification.h"

#include "io/sha256_stream.h"

#include <algorithm>
#include <cstring>

namespace zimage {
namespace {

constexpr std::uint64_t kPieceBytes = 4 << 20;  // whole elements of every type

template <typename Bits>
std::uint64_t count_where(const std::byte* bytes, std::size_t elements, Bits mask, Bits special) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < elements; ++i) {
    Bits bits;
    std::memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
    count += (bits & mask) == special ? 1 : 0;
  }
  return count;
}

// Elements whose exponent says that they are infinite or no number.
std::uint64_t not_finite(DType dtype, const std::byte* bytes, std::size_t elements) {
  switch (dtype) {
    case DType::f64:
      return count_where<std::uint64_t>(bytes, elements, 0x7FF0ULL << 48, 0x7FF0ULL << 48);
    case DType::f32:
      return count_where<std::uint32_t>(bytes, elements, 0x7F800000, 0x7F800000);
    case DType::f16:
      return count_where<std::uint16_t>(bytes, elements, 0x7C00, 0x7C00);
    case DType::bf16:
      return count_where<std::uint16_t>(bytes, elements, 0x7F80, 0x7F80);
    case DType::f8_e4m3:
      return count_where<std::uint8_t>(bytes, elements, 0x7F, 0x7F);
    case DType::f8_e5m2:
      return count_where<std::uint8_t>(bytes, elements, 0x7C, 0x7C);
    default:
      return 0;
  }
}

// Adds what a piece of a tensor holds; `first`: of its elements in the tensor.
void look_at(const io::TensorInfo& info, std::span<const std::byte> bytes, std::uint64_t first, NotFinite& found) {
  const std::size_t width = dtype_bytes(info.dtype), elements = bytes.size() / width;
  const std::uint64_t count = not_finite(info.dtype, bytes.data(), elements);
  if (count > 0 && found.count == 0) {
    std::size_t i = 0;
    while (not_finite(info.dtype, bytes.data() + i * width, 1) == 0) ++i;
    found.first = first + i;
  }
  found.count += count;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

FileVerification verify_weights(const io::SafetensorsFile& file, const std::function<bool()>& keep_going) {
  FileVerification result;
  io::Sha256Stream stream;
  std::vector<std::byte> buffer(kPieceBytes);
  std::uint64_t offset = 0;
  const auto read = [&](std::uint64_t bytes) {
    const std::span<std::byte> piece = std::span(buffer).first(std::min(bytes, kPieceBytes));
    file.file().read_at(offset, piece);
    stream.add(as_text(piece));
    offset += piece.size();
    result.is_complete = result.is_complete && keep_going();
    return piece;
  };
  const std::uint64_t header = file.tensors().empty() ? file.file().size() : file.tensors().front().offset;
  while (offset < header && result.is_complete) read(header - offset);
  for (const io::TensorInfo& info : file.tensors()) {
    NotFinite found{info.name};
    while (offset < info.offset + info.bytes && result.is_complete) {
      const std::uint64_t first = (offset - info.offset) / dtype_bytes(info.dtype);
      look_at(info, read(info.offset + info.bytes - offset), first, found);
    }
    if (found.count > 0) result.not_finite.push_back(std::move(found));
  }
  result.sha256 = stream.digest();
  return result;
}

io::Sha256 checksum(const std::filesystem::path& path) {
  const io::ReadFile file(path);
  io::Sha256Stream stream;
  std::vector<std::byte> buffer(kPieceBytes);
  for (std::uint64_t offset = 0; offset < file.size();) {
    const std::span<std::byte> piece = std::span(buffer).first(std::min(file.size() - offset, kPieceBytes));
    file.read_at(offset, piece);
    stream.add(as_text(piece));
    offset += piece.size();
  }
  return stream.digest();
}

}  // namespace zimage
