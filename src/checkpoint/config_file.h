// One JSON file of settings, read with every rule stated: which type, which range. Errors name file, field and rule.
#pragma once

#include "io/json.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace zimage {

struct IntegerRange {
  std::int64_t min = 0, max = 0;  // both allowed
};
struct NumberRange {
  double min = 0, max = 0;  // both allowed
};

class ConfigFile {
 public:
  // DIR/NAME, an object. Throws Error(model), Error(io).
  ConfigFile(const std::filesystem::path& dir, std::string_view name);

  const io::Json& root() const { return root_; }
  // Throws Error(model) "FILE: field "FIELD": RULE".
  [[noreturn]] void refuse(std::string_view field, const std::string& rule) const;

  // These are required.
  std::int64_t integer(std::string_view field, IntegerRange range) const;
  std::vector<std::int64_t> integers(std::string_view field, IntegerRange range) const;
  double number(std::string_view field, NumberRange range) const;
  // A member of a nested object, null if absent; `field` is its name in messages.
  double number_of(const io::Json* json, std::string_view field, NumberRange range) const;
  std::string string(std::string_view field) const;

  // Refuse any value but this one; an absent field or null counts as `if_absent`.
  void expect_flag(std::string_view field, bool expected, bool if_absent) const;
  void expect_string(std::string_view field, std::string_view expected) const;
  void expect_null(std::string_view field) const;
  void expect_every_string(std::string_view field, std::string_view expected) const;
  void expect_integers(std::string_view field, const std::vector<std::int64_t>& expected) const;

  // One line where the file names code to run (auto_map), which this program never does; else empty.
  std::string code_warning() const;

 private:
  const io::Json& required(std::string_view field) const;
  std::int64_t checked_integer(const io::Json& json, std::string_view field, IntegerRange range) const;

  std::filesystem::path path_;
  io::Json root_;
};

}  // namespace zimage
