#include "io/png_chunks.h"

#include <libdeflate.h>

namespace zimage::io {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n"sv;
constexpr std::size_t kChunkOverhead = 12;  // length, type and checksum

}  // namespace

PngChunks::PngChunks(std::string_view png, std::string_view source) : rest_(png), source_(source) {
  if (!png.starts_with(kSignature)) throw breach("the signature is missing");
  rest_.remove_prefix(kSignature.size());
}

PngChunk PngChunks::next() {
  if (rest_.size() < kChunkOverhead) throw breach("the file ends inside a chunk");
  const std::size_t length = from_big_endian(rest_);
  if (length > rest_.size() - kChunkOverhead) throw breach("a chunk is longer than the file");
  const std::string_view body = rest_.substr(4, 4 + length);
  if (from_big_endian(rest_.substr(8 + length)) != png_checksum(body))
    throw breach("a chunk's checksum does not match");
  rest_.remove_prefix(kChunkOverhead + length);
  return {body.substr(0, 4), body.substr(4)};
}

Error PngChunks::breach(const std::string& rule) const {
  return Error(ErrorKind::model, std::string(source_) + ": PNG: " + rule);
}

std::uint32_t png_checksum(std::string_view type_and_data) {
  return libdeflate_crc32(0, type_and_data.data(), type_and_data.size());
}

std::uint32_t from_big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace zimage::io
