#include "app/display_width.h"

#include "base/text.h"

#include <algorithm>

namespace zimage::app {
namespace {

// East Asian wide and fullwidth characters (Unicode TR 11), in blocks.
bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0x303E) || (c >= 0x3041 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE4F) ||
         (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
         (c >= 0x20000 && c <= 0x3FFFD);
}

bool is_closing(std::string_view character) {
  constexpr std::string_view kClosing = "，。、；：！？）》」』”’";
  return character.size() > 1 && kClosing.find(character) != std::string_view::npos;
}

bool is_opening(std::string_view character) {
  constexpr std::string_view kOpening = "（《「『“‘";
  return character.size() > 1 && kOpening.find(character) != std::string_view::npos;
}

std::string_view next_character(std::string_view text) {
  return text.substr(0, std::max<std::size_t>(1, first_utf8_char(text).bytes));
}

// What must not be broken: a word, or a wide character with the punctuation around it.
std::string_view next_piece(std::string_view text) {
  std::size_t end = 0;
  bool may_break = false;
  while (end < text.size() && text[end] != ' ') {
    const std::string_view character = next_character(text.substr(end));
    const bool wide = is_wide(first_utf8_char(character).code_point);
    if (end > 0 && (may_break || wide) && !is_closing(character)) break;
    end += character.size();
    may_break = wide && !is_opening(character);
    if (is_opening(character) && end < text.size() && text[end] != ' ') end += next_character(text.substr(end)).size();
  }
  return text.substr(0, end);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const std::string_view character = next_character(text);
    width += is_wide(first_utf8_char(character).code_point) ? 2 : 1;
    text.remove_prefix(character.size());
  }
  return width;
}

std::string_view clipped(std::string_view text, std::size_t columns) {
  std::size_t end = 0, width = 0;
  while (end < text.size()) {
    const std::string_view character = next_character(text.substr(end));
    width += display_width(character);
    if (width > columns) break;
    end += character.size();
  }
  return text.substr(0, end);
}

std::string wrapped(std::string_view text, std::size_t columns) {
  std::string lines;
  std::size_t used = 0;
  bool has_space = false;
  while (!text.empty()) {
    if (text[0] == ' ') {
      has_space = used > 0;
      text.remove_prefix(1);
      continue;
    }
    const std::string_view piece = next_piece(text);
    const std::size_t width = display_width(piece) + (has_space ? 1 : 0);
    if (used > 0 && used + width > columns) {
      lines += '\n';
      used = display_width(piece);
    } else {
      if (has_space) lines += ' ';
      used += width;
    }
    lines += piece;
    has_space = false;
    text.remove_prefix(piece.size());
  }
  return lines;
}

}  // namespace zimage::app
