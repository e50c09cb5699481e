#include "io/png_metadata.h"

#include "base/text.h"
#include "io/png_chunks.h"

#include <algorithm>
#include <cstdint>

namespace zimage::io {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHeaderEnd = 8 + 12 + 13;  // the signature and IHDR
// Keyword, then: not compressed, method 0, no language, no translated keyword.
constexpr std::string_view kJsonStart = "zimage\0\0\0\0\0"sv;
constexpr std::string_view kParametersStart = "parameters\0\0\0\0\0"sv;
constexpr std::string_view kPlainParametersStart = "parameters\0"sv;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

struct TextChunk {
  std::string_view type;
  std::string_view start;  // of its data
  std::string_view text;
};

void append(std::string& out, const TextChunk& chunk) {
  if (chunk.text.empty()) return;
  std::string body(chunk.type);
  body.append(chunk.start).append(chunk.text);
  out.append(big_endian(static_cast<std::uint32_t>(body.size() - chunk.type.size())))
      .append(body)
      .append(big_endian(png_checksum(body)));
}

// Text that is no UTF-8 is Latin-1, as the specification has tEXt; some write UTF-8 there all the same.
std::string as_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | byte >> 6);
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

// The text of a chunk with this keyword; nothing for other chunks and for compressed text.
std::optional<std::string> text_of(const PngChunk& chunk, std::string_view keyword) {
  std::string_view rest = chunk.data;
  if (!rest.starts_with(keyword) || rest.size() == keyword.size() || rest[keyword.size()] != '\0') return std::nullopt;
  rest.remove_prefix(keyword.size() + 1);
  if (chunk.type == "tEXt") return as_utf8(rest);
  if (chunk.type != "iTXt" || rest.size() < 2 || rest[0] != 0) return std::nullopt;
  rest.remove_prefix(2);
  for (int i = 0; i < 2; ++i) {  // the language and the translated keyword
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
  return as_utf8(rest);
}

}  // namespace

std::string with_text(std::string_view png, const PictureText& text) {
  constexpr std::size_t kOverhead = 64;  // of both chunks, at most
  std::string out;
  out.reserve(png.size() + text.json.size() + text.parameters.size() + kOverhead);
  out.append(png.substr(0, kHeaderEnd));
  append(out, {"iTXt", kJsonStart, text.json});
  if (is_ascii(text.parameters)) {
    append(out, {"tEXt", kPlainParametersStart, text.parameters});
  } else {
    append(out, {"iTXt", kParametersStart, text.parameters});
  }
  return out.append(png.substr(kHeaderEnd));
}

std::optional<std::string> read_png_metadata(std::string_view png, std::string_view source) {
  PngChunks chunks(png, source);
  for (;;) {
    const PngChunk chunk = chunks.next();
    if (chunk.type == "iTXt" && chunk.data.starts_with(kJsonStart)) {
      return std::string(chunk.data.substr(kJsonStart.size()));
    }
    if (chunk.type == "IEND") return std::nullopt;
  }
}

PictureText read_png_text(std::string_view png, std::string_view source) {
  PngChunks chunks(png, source);
  std::optional<std::string> json, parameters;
  for (PngChunk chunk = chunks.next(); chunk.type != "IEND"; chunk = chunks.next()) {
    if (!json) json = text_of(chunk, "zimage");
    if (!parameters) parameters = text_of(chunk, "parameters");
  }
  return {json.value_or(""), parameters.value_or("")};
}

}  // namespace zimage::io
