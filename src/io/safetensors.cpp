#include "io/safetensors.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace zimage::io {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own bound

std::uint64_t little_endian(const std::array<unsigned char, kLengthBytes>& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

// The header's length, checked against the file's before a byte of it is allocated.
std::uint64_t header_bytes(const ReadFile& file) {
  const auto refuse = [&](const std::string& rule) {
    throw Error(ErrorKind::model, printable(file.path().native()) + ": " + rule);
  };
  if (file.size() < kLengthBytes) {
    refuse(std::to_string(file.size()) +
           " bytes are too few for a safetensors file, which starts with 8 bytes of length");
  }
  std::array<unsigned char, kLengthBytes> prefix{};
  file.read_at(0, std::as_writable_bytes(std::span(prefix)));
  const std::uint64_t length = little_endian(prefix);
  if (length == 0) refuse("header length is 0");
  if (length > kMaxHeaderBytes) {
    if (std::memcmp(prefix.data(), "GGUF", 4) == 0) refuse("is a GGUF file; this program reads safetensors");
    refuse("header length " + std::to_string(length) + " is more than " + std::to_string(kMaxHeaderBytes) +
           " (is it a safetensors file?)");
  }
  if (length > file.size() - kLengthBytes) {
    refuse("header length " + std::to_string(length) + " goes beyond the file's " + std::to_string(file.size()) +
           " bytes (is it truncated?)");
  }
  return length;
}

TensorInfos read_header(const ReadFile& file) {
  HugeVector<char> json(header_bytes(file));
  file.read_at(kLengthBytes, std::as_writable_bytes(std::span(json)));
  const std::uint64_t start = kLengthBytes + json.size();
  return parse_safetensors_header({json.data(), json.size()}, file.path().native(), {start, file.size() - start});
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path), tensors_(read_header(file_)) {
  const auto name_at = [this](std::size_t i) -> std::string_view { return tensors_[i].name; };
  index_ = NameIndex(tensors_.size(), name_at);
  if (const auto twice = index_.duplicate(name_at)) {
    throw Error(ErrorKind::model,
                printable(path.native()) + ": tensor \"" + printable(name_at(*twice), 200) + "\" stands there twice");
  }
}

const TensorInfo* SafetensorsFile::find(std::string_view name) const {
  const auto position = index_.find(name, [this](std::size_t i) -> std::string_view { return tensors_[i].name; });
  return position ? &tensors_[*position] : nullptr;
}

std::string safetensors_bytes(std::string_view name, std::span<const std::int64_t> shape,
                              std::span<const float> values) {
  std::string dimensions;
  for (const std::int64_t dimension : shape) {
    if (!dimensions.empty()) dimensions += ',';
    dimensions += std::to_string(dimension);
  }
  std::string header = "{" + json_quoted(name) + R"(:{"dtype":"F32","shape":[)" + dimensions +
                       R"(],"data_offsets":[0,)" + std::to_string(values.size_bytes()) + "]}}";
  header.append((kLengthBytes - header.size() % kLengthBytes) % kLengthBytes, ' ');  // the data starts aligned
  std::string bytes;
  for (std::uint64_t i = 0, length = header.size(); i < kLengthBytes; ++i, length >>= 8) {
    bytes += static_cast<char>(length & 0xFF);
  }
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  return bytes;
}

}  // namespace zimage::io
