#include "io/png_metadata.h"

#include "zimage/error.h"

#include "io/png.h"

#include <libdeflate.h>

#include <cstdint>

namespace zimage::io {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n"sv;
constexpr std::size_t kHeaderEnd = 8 + 12 + 13;  // the signature and IHDR
constexpr std::size_t kChunkOverhead = 12;       // length, type and checksum
// Keyword, then: not compressed, method 0, no language, no translated keyword.
constexpr std::string_view kTextStart = "zimage\0\0\0\0\0"sv;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::uint32_t from_big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

// Over type and data, as the specification has it.
std::uint32_t checksum(std::string_view type_and_data) {
  return libdeflate_crc32(0, type_and_data.data(), type_and_data.size());
}

struct Chunk {
  std::string_view type, data;
};

// Takes the next chunk off the front of `rest`.
Chunk take_chunk(std::string_view& rest, std::string_view source) {
  const auto damaged = [&](const char* rule) {
    return Error(ErrorKind::model, std::string(source) + ": PNG: " + rule);
  };
  if (rest.size() < kChunkOverhead) throw damaged("the file ends inside a chunk");
  const std::size_t length = from_big_endian(rest);
  if (length > rest.size() - kChunkOverhead) throw damaged("a chunk is longer than the file");
  const std::string_view body = rest.substr(4, 4 + length);
  if (from_big_endian(rest.substr(8 + length)) != checksum(body)) throw damaged("a chunk's checksum does not match");
  rest.remove_prefix(kChunkOverhead + length);
  return {body.substr(0, 4), body.substr(4)};
}

}  // namespace

std::string with_metadata(std::string_view png, std::string_view text) {
  std::string body = "iTXt";
  body.append(kTextStart).append(text);
  std::string out;
  out.reserve(png.size() + body.size() + 8);
  out.append(png.substr(0, kHeaderEnd));
  out.append(big_endian(static_cast<std::uint32_t>(body.size() - 4))).append(body).append(big_endian(checksum(body)));
  return out.append(png.substr(kHeaderEnd));
}

std::optional<std::string> read_png_metadata(std::string_view png, std::string_view source) {
  if (png.substr(0, kSignature.size()) != kSignature) {
    throw Error(ErrorKind::model, std::string(source) + ": PNG: the signature is missing");
  }
  std::string_view rest = png.substr(kSignature.size());
  for (;;) {
    const Chunk chunk = take_chunk(rest, source);
    if (chunk.type == "iTXt" && chunk.data.substr(0, kTextStart.size()) == kTextStart) {
      return std::string(chunk.data.substr(kTextStart.size()));
    }
    if (chunk.type == "IEND") return std::nullopt;
  }
}

}  // namespace zimage::io
