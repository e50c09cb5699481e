#include "config/yaml_text.h"

#include "zimage/error.h"

#include "base/text.h"

#include <algorithm>

namespace zimage::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_control(char32_t c) { return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c < 0xA0); }

}  // namespace

YamlText::YamlText(std::string_view text, const std::string& source) : bytes_(text), source_(source) {
  if (bytes_.starts_with(kByteOrderMark)) bytes_.remove_prefix(kByteOrderMark.size());
  line_starts_.push_back(0);
  characters_.reserve(bytes_.size() + 1);
  std::uint32_t characters = 0;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    characters_.push_back(characters);
    const bool continuation = (static_cast<unsigned char>(bytes_[i]) & 0xC0) == 0x80;
    if (!continuation) ++characters;
    if (bytes_[i] == '\n') line_starts_.push_back(i + 1);
  }
  characters_.push_back(characters);
  check_characters();
  check_directives();
}

// yaml-cpp takes byte 4 for the end of the file, and guesses other encodings from zeros.
void YamlText::check_characters() {
  std::size_t line = 0;
  for (std::size_t at = 0; at < bytes_.size();) {
    const Utf8Char c = first_utf8_char(bytes_.substr(at));
    const bool line_end = bytes_[at] == '\r' && at + 1 < bytes_.size() && bytes_[at + 1] == '\n';
    if (c.bytes == 0) refuse(position(line, at - line_starts_[line]), "the file must be UTF-8");
    if (is_control(c.code_point) && !line_end) {
      refuse(position(line, at - line_starts_[line]), "a control character: " + printable(bytes_.substr(at, c.bytes)));
    }
    if (bytes_[at] == '\n') ++line;
    at += c.bytes;
  }
}

void YamlText::check_directives() const {
  for (std::size_t line = 0; line < line_starts_.size(); ++line) {
    if (byte_at(line, 0) == '%') refuse({line + 1, 1}, "directives (%) are not allowed");
  }
}

std::size_t YamlText::offset(std::size_t line, std::size_t column) const {
  if (line >= line_starts_.size()) return bytes_.size();
  return std::min(line_starts_[line] + column, bytes_.size());
}

YamlPosition YamlText::position(std::size_t line, std::size_t column) const {
  const std::size_t in_text = std::min(line, line_starts_.size() - 1);
  return {in_text + 1, characters_[offset(line, column)] - characters_[line_starts_[in_text]] + 1};
}

char YamlText::byte_at(std::size_t line, std::size_t column) const {
  const std::size_t at = offset(line, column);
  return at < bytes_.size() ? bytes_[at] : '\0';
}

bool YamlText::has_closed_quote(std::size_t line, std::size_t column) const {
  const char quote = byte_at(line, column);
  if (quote != '"' && quote != '\'') return true;  // a block
  for (std::size_t i = offset(line, column) + 1; i < bytes_.size(); ++i) {
    const bool doubled = quote == '\'' && bytes_.substr(i).starts_with("''");
    const bool escape = quote == '"' && bytes_[i] == '\\';
    if (doubled || escape) {
      ++i;
    } else if (bytes_[i] == quote) {
      return true;
    }
  }
  return false;
}

void YamlText::refuse(const YamlPosition& position, const std::string& rule) const {
  throw Error(ErrorKind::model, printable(source_) + ":" + std::to_string(position.line) + ":" +
                                    std::to_string(position.column) + ": " + rule);
}

}  // namespace zimage::config
