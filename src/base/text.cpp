#include "base/text.h"

#include <array>

namespace zimage {
namespace {

// By the number of bytes: the smallest code point that needs so many, and the bits that the first byte carries.
struct Utf8Length {
  unsigned char lead_mask, lead_bits;
  char32_t smallest;
};
constexpr std::array<Utf8Length, 4> kLengths{
    {{0x80, 0x00, 0x0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}}};

std::string hex(char32_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[value % 16]);
    value /= 16;
  } while (value > 0);
  return digits;
}

std::string hex_byte(unsigned char byte) { return (byte < 16 ? "\\x0" : "\\x") + hex(byte); }

// Characters that move the cursor, reorder the line or end it.
bool is_unprintable(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

std::string escaped(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  return c < 0x80 ? hex_byte(static_cast<unsigned char>(c)) : "\\u{" + hex(c) + "}";
}

}  // namespace

Utf8Char first_utf8_char(std::string_view text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text[0]);
  for (std::size_t length = 1; length <= kLengths.size(); ++length) {
    const Utf8Length& rule = kLengths[length - 1];
    if ((lead & rule.lead_mask) != rule.lead_bits) continue;
    if (text.size() < length) return {};
    char32_t c = lead & static_cast<unsigned char>(~rule.lead_mask);
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      if ((next & 0xC0) != 0x80) return {};
      c = (c << 6) | (next & 0x3F);
    }
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    if (c < rule.smallest || c > 0x10FFFF || surrogate) return {};
    return {c, length};
  }
  return {};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = first_utf8_char(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string line;
  while (!text.empty()) {
    const Utf8Char c = first_utf8_char(text);
    std::string piece;
    if (c.bytes == 0) {
      piece = hex_byte(static_cast<unsigned char>(text[0]));
    } else {
      piece = is_unprintable(c.code_point) ? escaped(c.code_point) : std::string(text.substr(0, c.bytes));
    }
    if (line.size() + piece.size() > max_bytes) return line + "...";
    line += piece;
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return line;
}

std::string json_quoted(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const Utf8Char c = first_utf8_char(text);
    if (c.bytes == 0) {
      json += "\xEF\xBF\xBD";
    } else if (c.code_point == '"' || c.code_point == '\\') {
      json += {'\\', static_cast<char>(c.code_point)};
    } else if (c.code_point == '\n') {
      json += "\\n";
    } else if (c.code_point < 0x20 || c.code_point == 0x7F) {
      const std::string digits = hex(c.code_point);
      json += "\\u" + std::string(4 - digits.size(), '0') + digits;
    } else {
      json += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return json + '"';
}

}  // namespace zimage
