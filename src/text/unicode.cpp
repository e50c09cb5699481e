#include "text/unicode.h"

#include "base/text.h"
#include "text/unicode_tables.h"

#include <algorithm>
#include <span>

namespace zimage::text {
namespace {

bool contains(std::span<const CodePointRange> ranges, char32_t c) {
  const auto range = std::partition_point(ranges.begin(), ranges.end(), [c](const auto& r) { return r.last < c; });
  return range != ranges.end() && range->first <= c;
}

CharClass classify_ascii(char32_t c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return CharClass::letter;
  if (c >= '0' && c <= '9') return CharClass::number;
  if (c == '\r' || c == '\n') return CharClass::newline;
  return c == ' ' || (c >= '\t' && c <= '\f') ? CharClass::space : CharClass::other;
}

// The property White_Space beyond ASCII.
bool is_wide_space(char32_t c) {
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

}  // namespace

CharClass classify(char32_t c) {
  if (c < 0x80) return classify_ascii(c);
  if (contains(letter_ranges(), c)) return CharClass::letter;
  if (contains(number_ranges(), c)) return CharClass::number;
  return is_wide_space(c) ? CharClass::space : CharClass::other;
}

void append_utf8(std::string& text, char32_t c) {
  const auto continuation = [c](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += {static_cast<char>(0xC0 | (c >> 6)), continuation(0)};
  } else if (c < 0x10000) {
    text += {static_cast<char>(0xE0 | (c >> 12)), continuation(6), continuation(0)};
  } else {
    text += {static_cast<char>(0xF0 | (c >> 18)), continuation(12), continuation(6), continuation(0)};
  }
}

std::optional<std::size_t> first_invalid_byte(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = static_cast<unsigned char>(text[at]) < 0x80 ? 1 : first_utf8_char(text.substr(at)).bytes;
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

}  // namespace zimage::text
