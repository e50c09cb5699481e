#include "config/yaml_field.h"

#include "zimage/error.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

namespace zimage::config {
namespace {

constexpr std::size_t kLongestText = 100;  // bytes of a key or a value in messages

std::string place(const std::string& source, const YamlPosition& position, const std::string& path) {
  std::string text = printable(source) + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
  if (!path.empty()) text += ": " + path;
  return text;
}

// Insertions, deletions and replacements that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

bool is_number_or_boolean(const std::string& text) {
  constexpr std::array<std::string_view, 6> kBooleans{"true", "false", "True", "False", "TRUE", "FALSE"};
  if (std::find(kBooleans.begin(), kBooleans.end(), text) != kBooleans.end()) return true;
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error != std::errc::invalid_argument && rest == text.data() + text.size();
}

bool is_octal_in_yaml_1_1(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

// What YAML 1.1 took for booleans, besides true and false.
std::string boolean_hint(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  if (text == "no" || text == "off" || text == "n" || text == "false") return "; write false";
  if (text == "yes" || text == "on" || text == "y" || text == "true") return "; write true";
  return "";
}

}  // namespace

YamlField::YamlField(const YamlDocument& document)
    : source_(&document.source),
      yaml_(&document.root),
      position_(document.root.position),
      key_position_(document.root.position) {}

YamlField::YamlField(const YamlField& parent, const YamlMember& member)
    : source_(parent.source_),
      yaml_(&member.value),
      key_(member.key),
      path_(parent.path_ + (parent.path_.empty() ? "" : ".") + printable(member.key, kLongestText)),
      position_(member.value.position),
      key_position_(member.key_position) {}

YamlField::YamlField(const YamlField& parent, std::size_t index, const Yaml& item)
    : source_(parent.source_),
      yaml_(&item),
      path_(parent.path_ + "[" + std::to_string(index) + "]"),
      position_(item.position),
      key_position_(item.position) {}

std::string YamlField::where() const { return place(*source_, position_, path_); }

void YamlField::refuse(const std::string& rule) const { throw Error(ErrorKind::model, where() + ": " + rule); }

void YamlField::refuse_key(const std::string& rule) const {
  throw Error(ErrorKind::model, place(*source_, key_position_, path_) + ": " + rule);
}

void YamlField::refuse_value(const std::string& rule) const {
  throw Error(ErrorKind::model, where() + " " + printable(scalar().text, kLongestText) + ": " + rule);
}

std::vector<YamlField> YamlField::members() const {
  const Yaml::Map* const map = std::get_if<Yaml::Map>(&yaml_->value);
  if (map == nullptr) refuse("must be a mapping (key: value)");
  std::vector<YamlField> fields;
  fields.reserve(map->size());
  for (const YamlMember& member : *map) fields.push_back(YamlField(*this, member));
  return fields;
}

std::vector<YamlField> YamlField::members(std::span<const std::string_view> known) const {
  std::vector<YamlField> fields = members();
  const Yaml::Map& map = std::get<Yaml::Map>(yaml_->value);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (std::find(known.begin(), known.end(), map[i].key) != known.end()) continue;
    const auto meant = nearest(map[i].key, known);
    fields[i].refuse_key("unknown key" + (meant ? ", did you mean '" + std::string(*meant) + "'?" : ""));
  }
  return fields;
}

std::optional<YamlField> YamlField::find(std::string_view key) const {
  const Yaml::Map* const map = std::get_if<Yaml::Map>(&yaml_->value);
  if (map == nullptr) refuse("must be a mapping (key: value)");
  for (const YamlMember& member : *map) {
    if (member.key == key) return YamlField(*this, member);
  }
  return std::nullopt;
}

YamlField YamlField::at(std::string_view key) const {
  if (auto field = find(key)) return *field;
  refuse("the key '" + std::string(key) + "' is missing");
}

std::vector<YamlField> YamlField::items() const {
  const Yaml::List* const list = std::get_if<Yaml::List>(&yaml_->value);
  if (list == nullptr) refuse("must be a list");
  std::vector<YamlField> fields;
  fields.reserve(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) fields.push_back(YamlField(*this, i, (*list)[i]));
  return fields;
}

const Yaml::Scalar& YamlField::scalar() const {
  const Yaml::Scalar* const scalar = std::get_if<Yaml::Scalar>(&yaml_->value);
  if (scalar != nullptr) return *scalar;
  refuse(std::holds_alternative<Yaml::Null>(yaml_->value) ? "needs a value" : "must be a single value");
}

const std::string& YamlField::word() const { return scalar().text; }

std::string YamlField::text() const {
  const Yaml::Scalar& value = scalar();
  if (!value.quoted && is_number_or_boolean(value.text)) refuse_value("must be text; put quotes around it");
  return value.text;
}

std::string YamlField::number_text() const {
  const Yaml::Scalar& value = scalar();
  if (value.quoted) refuse_value("must be a number, without quotes");
  if (is_octal_in_yaml_1_1(value.text)) refuse_value("must be a number without leading zeros");
  return value.text;
}

std::int64_t YamlField::integer(const IntegerRange& range) const {
  return parse_integer({where(), number_text(), ErrorKind::model}, range);
}

double YamlField::number() const { return parse_not_negative({where(), number_text(), ErrorKind::model}); }

bool YamlField::boolean() const {
  const Yaml::Scalar& value = scalar();
  if (value.quoted) refuse_value("must be true or false, without quotes");
  if (value.text != "true" && value.text != "false") refuse_value("must be true or false" + boolean_hint(value.text));
  return value.text == "true";
}

std::uint64_t YamlField::size() const { return parse_size({where(), scalar().text, ErrorKind::model}); }

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > kLongestText) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t least = word.size() / 3 + 2;  // a third of it may be wrong, and one letter of a short word
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace zimage::config
