#include "batch/yaml_items.h"

#include "zimage/error.h"

#include "batch/item_fields.h"
#include "config/yaml_field.h"

#include <array>

namespace zimage::batch {
namespace {

constexpr config::YamlLimits kLimits{.max_bytes = kMaxYamlBytes};

void set_value(Item& item, const config::YamlField& field) {
  if (field.is_null()) return;
  const std::string text = is_number(field.key()) ? field.number_text() : field.text();
  const std::string& where = field.where();  // its path ends with the field's name
  set_field(item, field.key(), text, where.substr(0, where.rfind(": ")));
}

Item item_of(const config::YamlField& field, bool is_mapping) {
  Item item;
  item.line = field.position().line;
  if (!is_mapping) {
    set_field(item, "prompt", field.text(), field.where());
    return item;
  }
  field.at("prompt");
  for (const config::YamlField& member : field.members(field_names())) set_value(item, member);
  return item;
}

std::vector<Item> items_of(const config::YamlDocument& document) {
  constexpr std::array<std::string_view, 1> kKeys{"prompts"};
  const bool is_mapping = std::holds_alternative<config::Yaml::Map>(document.root.value);
  const config::YamlField root(document);
  if (root.is_null()) return {};
  if (is_mapping) root.members(kKeys);
  const config::YamlField list = is_mapping ? root.at("prompts") : root;
  const config::Yaml& values =
      is_mapping ? std::get<config::Yaml::Map>(document.root.value).front().value : document.root;
  const std::vector<config::YamlField> fields = list.items();
  std::vector<Item> items;
  items.reserve(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const config::Yaml& value = std::get<config::Yaml::List>(values.value)[i];
    items.push_back(item_of(fields[i], std::holds_alternative<config::Yaml::Map>(value.value)));
  }
  return items;
}

}  // namespace

std::vector<Item> yaml_items(std::string_view text, const std::string& source) {
  try {
    return items_of(config::parse_yaml(text, source, kLimits));
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, error.what());  // no model file
  }
}

}  // namespace zimage::batch
