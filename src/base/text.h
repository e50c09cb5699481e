// Text from strangers (file names, tensor names, prompts) made safe to print, and UTF-8 told from other bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zimage {

// One well-formed UTF-8 character at the start of a text.
struct Utf8Char {
  char32_t code_point = 0;
  std::size_t bytes = 0;  // 0: the text is empty or starts with bytes that are no UTF-8
};
Utf8Char first_utf8_char(std::string_view text);
bool is_utf8(std::string_view text);

// One line that a terminal shows as it is: control characters, line separators, bidirectional overrides and bytes that
// are no UTF-8 become \n, \xNN or \u{N}. What exceeds max_bytes is replaced by "...".
std::string printable(std::string_view text, std::size_t max_bytes = 4096);

// The text as a JSON string, quotes included; bytes that are no UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

}  // namespace zimage
