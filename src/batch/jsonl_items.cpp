#include "batch/jsonl_items.h"

#include "zimage/error.h"

#include "batch/item_fields.h"
#include "io/json.h"

#include <string>

namespace zimage::batch {
namespace {

constexpr io::JsonLimits kLimits{.max_depth = 4};

io::Json parse(const Line& line, const std::string& place) {
  try {
    return io::parse_json(line.text, place, kLimits);
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, error.what());  // no model file
  }
}

void set_member(Item& item, const std::string& name, const io::Json& value, const std::string& place) {
  if (value.as<std::nullptr_t>() != nullptr) return;
  const std::string* const text = value.as<std::string>();
  const bool is_scalar = text != nullptr || value.type_name() == "integer" || value.type_name() == "number";
  if (is_number(name) ? text != nullptr || !is_scalar : text == nullptr) {
    const std::string rule = is_number(name) ? "must be a number" : "must be a string";
    throw Error(ErrorKind::usage, place + ": " + name + ": " + rule + ", not " + std::string(value.type_name()));
  }
  set_field(item, name, text != nullptr ? *text : io::to_string(value), place);
}

Item item_of(const io::Json& json, const std::string& place) {
  const io::Json::Object* const object = json.as<io::Json::Object>();
  if (object == nullptr) throw Error(ErrorKind::usage, place + ": must be a JSON object");
  Item item;
  bool has_prompt = false;
  for (const auto& [name, value] : *object) {
    bool is_known = false;
    for (const std::string_view known : field_names()) is_known |= name == known;
    if (!is_known) refuse_field(name, place);
    set_member(item, name, value, place);
    has_prompt |= name == "prompt" && value.as<std::string>() != nullptr;
  }
  if (!has_prompt) throw Error(ErrorKind::usage, place + ": the field 'prompt' is missing");
  return item;
}

}  // namespace

std::optional<Item> next_json_item(LineReader& lines) {
  while (const auto line = lines.next()) {
    if (line->text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string place = lines.place(line->number);
    Item item = item_of(parse(*line, place), place);
    item.line = line->number;
    return item;
  }
  return std::nullopt;
}

}  // namespace zimage::batch
