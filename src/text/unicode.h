// What the pre-tokenizer asks of a character, and UTF-8 written and checked.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace zimage::text {

enum class CharClass { letter, number, newline, space, other };

// letter: \p{L}; number: \p{N}; newline: [\r\n]; space: the rest of \s; other: everything else.
CharClass classify(char32_t c);

void append_utf8(std::string& text, char32_t c);

inline bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Where the first byte stands that is no UTF-8 (overlong forms and surrogates are none); nothing for valid text.
std::optional<std::size_t> first_invalid_byte(std::string_view text);

}  // namespace zimage::text
