#include "io/png_metadata.h"

#include "io/png.h"
#include "io/png_chunks.h"

#include <cstdint>

namespace zimage::io {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHeaderEnd = 8 + 12 + 13;  // the signature and IHDR
// Keyword, then: not compressed, method 0, no language, no translated keyword.
constexpr std::string_view kTextStart = "zimage\0\0\0\0\0"sv;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

}  // namespace

std::string with_metadata(std::string_view png, std::string_view text) {
  std::string body = "iTXt";
  body.append(kTextStart).append(text);
  std::string out;
  out.reserve(png.size() + body.size() + 8);
  out.append(png.substr(0, kHeaderEnd));
  out.append(big_endian(static_cast<std::uint32_t>(body.size() - 4)))
      .append(body)
      .append(big_endian(png_checksum(body)));
  return out.append(png.substr(kHeaderEnd));
}

std::optional<std::string> read_png_metadata(std::string_view png, std::string_view source) {
  PngChunks chunks(png, source);
  for (;;) {
    const PngChunk chunk = chunks.next();
    if (chunk.type == "iTXt" && chunk.data.starts_with(kTextStart)) {
      return std::string(chunk.data.substr(kTextStart.size()));
    }
    if (chunk.type == "IEND") return std::nullopt;
  }
}

}  // namespace zimage::io
