// The text of a YAML file: checked to be UTF-8 that a person can see, with positions in characters.
#pragma once

#include "config/yaml.h"

#include <string>
#include <string_view>
#include <vector>

namespace zimage::config {

class YamlText {
 public:
  // Throws Error(model) for other bytes and for directives.
  YamlText(std::string_view text, const std::string& source);

  // Without a byte order mark.
  std::string_view bytes() const { return bytes_; }

  // Of a line and a column in bytes, both from 0; what lies behind the end is the end.
  YamlPosition position(std::size_t line, std::size_t column) const;
  char byte_at(std::size_t line, std::size_t column) const;  // '\0' behind the end

  // Whether the quoted text that begins there ends; yaml-cpp forgives one that the file's last line leaves open.
  bool has_closed_quote(std::size_t line, std::size_t column) const;

  [[noreturn]] void refuse(const YamlPosition& position, const std::string& rule) const;

 private:
  std::size_t offset(std::size_t line, std::size_t column) const;
  void check_characters();
  void check_directives() const;

  std::string_view bytes_;
  std::string source_;
  std::vector<std::size_t> line_starts_;   // bytes
  std::vector<std::uint32_t> characters_;  // those before each byte, and before the end
};

}  // namespace zimage::config
