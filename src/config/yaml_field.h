// A value of a YAML document together with its name, read as the type that it must have. Every breach is an
// Error(model) "FILE:LINE:COLUMN: memory.budget VALUE: rule".
#pragma once

#include "config/parse.h"
#include "config/yaml.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::config {

// Points into a document, which must outlive it.
class YamlField {
 public:
  explicit YamlField(const YamlDocument& document);

  const std::string& path() const { return path_; }  // "memory.budget", "cards[2].name"; "" is the document
  const std::string& key() const { return key_; }    // of a mapping's value
  const std::string& source() const { return *source_; }
  const YamlPosition& position() const { return position_; }
  std::string where() const;  // "FILE:LINE:COLUMN: memory.budget"
  [[noreturn]] void refuse(const std::string& rule) const;
  [[noreturn]] void refuse_key(const std::string& rule) const;  // at the key's position

  bool is_null() const { return std::holds_alternative<Yaml::Null>(yaml_->value); }
  bool is_list() const { return std::holds_alternative<Yaml::List>(yaml_->value); }
  // A mapping's values in file order; with `known`, other keys are refused, the nearest known one suggested.
  std::vector<YamlField> members() const;
  std::vector<YamlField> members(std::span<const std::string_view> known) const;
  std::optional<YamlField> find(std::string_view key) const;  // of a mapping
  YamlField at(std::string_view key) const;                   // refuses a mapping without it
  std::vector<YamlField> items() const;                       // of a list

  // Any scalar as it stands there: for words such as on, off and auto.
  const std::string& word() const;
  std::string text() const;  // what YAML takes for a number or a boolean needs quotes
  std::int64_t integer(const IntegerRange& range) const;
  double number() const;  // finite, 0 or more
  // A number as it stands there, not yet checked to be one, but to have neither quotes nor leading zeros.
  std::string number_text() const;
  bool boolean() const;        // true or false
  std::uint64_t size() const;  // bytes: 12GiB

 private:
  YamlField(const YamlField& parent, const YamlMember& member);
  YamlField(const YamlField& parent, std::size_t index, const Yaml& item);
  const Yaml::Scalar& scalar() const;
  [[noreturn]] void refuse_value(const std::string& rule) const;

  const std::string* source_;
  const Yaml* yaml_;
  std::string key_, path_;
  YamlPosition position_;  // of the value
  YamlPosition key_position_;
};

// The one of `known` that a person may have meant, or nothing.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace zimage::config
