#include "text/pre_tokenizer.h"

#include "base/text.h"
#include "text/unicode.h"

#include <array>

namespace zimage::text {
namespace {

struct Scanned {
  CharClass char_class = CharClass::other;
  std::size_t bytes = 0;  // 0: the text ended
};

Scanned scan(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  const Utf8Char c = first_utf8_char(text.substr(at));
  return {classify(c.code_point), c.bytes};
}

// The end of the run of characters of this class that begins at `at`.
std::size_t skip(std::string_view text, std::size_t at, CharClass char_class) {
  for (Scanned c = scan(text, at); c.bytes > 0 && c.char_class == char_class; c = scan(text, at)) at += c.bytes;
  return at;
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d); a long s (U+017F) is an s to the regular expression too.
std::size_t contraction_bytes(std::string_view text) {
  constexpr std::string_view kLongS = "'\u017F";
  if (text.starts_with(kLongS)) return kLongS.size();
  for (const std::string_view ending : std::array<std::string_view, 7>{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    std::size_t i = 0;
    while (i < ending.size() && i < text.size() && (text[i] == ending[i] || (i > 0 && (text[i] | 0x20) == ending[i])))
      ++i;
    if (i == ending.size()) return i;
  }
  return 0;
}

// \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last line break of the run, or all of it but the space before a word.
std::size_t white_space_bytes(std::string_view text) {
  std::size_t end = 0, last_char = 0, after_newline = 0;
  for (Scanned c = scan(text, 0); c.bytes > 0; c = scan(text, end)) {
    if (c.char_class != CharClass::space && c.char_class != CharClass::newline) break;
    last_char = end;
    end += c.bytes;
    if (c.char_class == CharClass::newline) after_newline = end;
  }
  if (after_newline > 0) return after_newline;
  return end == text.size() || last_char == 0 ? end : last_char;
}

}  // namespace

std::size_t pre_token_bytes(std::string_view text) {
  if (const std::size_t contraction = contraction_bytes(text)) return contraction;
  const Scanned first = scan(text, 0);
  if (first.char_class == CharClass::number) return first.bytes;
  if (first.char_class == CharClass::letter) return skip(text, first.bytes, CharClass::letter);
  const Scanned second = scan(text, first.bytes);
  const bool prefixes_letters = first.char_class != CharClass::newline && second.char_class == CharClass::letter;
  if (prefixes_letters) return skip(text, first.bytes, CharClass::letter);
  const bool prefixes_others = text.starts_with(' ') && second.bytes > 0 && second.char_class == CharClass::other;
  if (first.char_class == CharClass::other || prefixes_others) {
    return skip(text, skip(text, first.bytes, CharClass::other), CharClass::newline);
  }
  return white_space_bytes(text);
}

}  // namespace zimage::text
