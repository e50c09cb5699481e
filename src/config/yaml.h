// A YAML document as plain data, read strictly: UTF-8, one document of bounded size and depth; no anchors, aliases,
// tags, directives, merge keys or duplicate keys. Scalars stay text: config/yaml_field.h says what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace zimage::config {

// In characters, from 1.
struct YamlPosition {
  std::size_t line = 1, column = 1;
};

struct YamlMember;

struct Yaml {
  struct Null {};  // nothing, ~ or null
  struct Scalar {
    std::string text;
    bool quoted = false;  // in quotes or a block
  };
  using List = std::vector<Yaml>;
  using Map = std::vector<YamlMember>;  // in file order

  std::variant<Null, Scalar, List, Map> value;
  YamlPosition position;
};

struct YamlMember {
  std::string key;
  YamlPosition key_position;
  Yaml value;
};

struct YamlDocument {
  std::string source;  // how messages name it
  Yaml root;           // Null if the text holds nothing but comments
};

struct YamlLimits {
  std::uint64_t max_bytes = 1 << 18;  // what yaml-cpp reads in well under a second, however it is made
  std::size_t max_depth = 16;
};

// Throws Error(model) "SOURCE:LINE:COLUMN: rule".
YamlDocument parse_yaml(std::string_view text, const std::string& source, const YamlLimits& limits = {});

// The same for a file, whose size is checked before it is read. Throws Error(io) too.
YamlDocument read_yaml(const std::filesystem::path& path, const YamlLimits& limits = {});

}  // namespace zimage::config
