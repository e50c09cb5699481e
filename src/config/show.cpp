// A merged configuration as YAML.
#include "base/text.h"
#include "config/config.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace zimage::config {
namespace {

constexpr std::size_t kCommentColumn = 40;

// In double quotes, on one line, with nothing in it that the reader refuses.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = first_utf8_char(text.substr(at));
    const std::string_view bytes = text.substr(at, std::max<std::size_t>(c.bytes, 1));
    if (c.code_point < 0x20 || (c.code_point >= 0x7F && c.code_point < 0xA0)) {
      std::array<char, 4> digits{'0', '0', '0', '0'};
      std::array<char, 4> hex{};
      const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), static_cast<unsigned>(c.code_point), 16).ptr;
      std::copy_backward(hex.data(), end, digits.end());
      out += "\\u";
      out.append(digits.data(), digits.size());
    } else {
      if (bytes == "\"" || bytes == "\\") out += '\\';
      out += bytes;
    }
    at += bytes.size();
  }
  return out + "\"";
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:") ==
                              std::string_view::npos;
}

std::string as_yaml(const Setting& setting, const std::string& text) {
  return setting.notation == Notation::text || !is_plain(text) ? in_quotes(text) : text;
}

std::string with_comment(std::string line, const std::string& comment) {
  if (comment.empty()) return line + "\n";
  if (line.size() < kCommentColumn) line.append(kCommentColumn - line.size(), ' ');
  return line + "  # " + comment + "\n";
}

std::string line_of(const Setting& setting, const Given* given, const std::string& indent) {
  const std::string name = indent + std::string(setting.key.substr(setting.key.rfind('.') + 1)) + ":";
  if (given != nullptr) {
    std::string value = as_yaml(setting, given->text);
    for (const std::string& text : given->more) value += ", " + as_yaml(setting, text);
    if (!given->more.empty()) value = "[" + value + "]";
    return with_comment(name + " " + value, printable(given->origin));
  }
  if (!setting.fallback.empty()) {
    return with_comment(name + " " + as_yaml(setting, std::string(setting.fallback)), "default");
  }
  const std::string note(setting.fallback_note);
  return with_comment(indent + "# " + name.substr(indent.size()), note.empty() ? "not given" : "default: " + note);
}

}  // namespace

std::string to_yaml(const Config& config) {
  std::string text;
  std::string_view section;
  for (const Setting& setting : settings()) {
    const std::size_t dot = setting.key.find('.');
    const std::string_view own = dot == std::string_view::npos ? "" : setting.key.substr(0, dot);
    if (own != section) text += std::string(own) + ":\n";
    section = own;
    text += line_of(setting, config.given(setting), own.empty() ? "" : "  ");
  }
  return text;
}

}  // namespace zimage::config
