#include "batch/item_fields.h"

#include "zimage/error.h"

#include "base/text.h"
#include "config/parse.h"
#include "config/yaml_field.h"

#include <algorithm>
#include <array>

namespace zimage::batch {
namespace {

using Value = const config::OptionValue&;

constexpr config::IntegerRange kSteps{2, 1000};
constexpr config::IntegerRange kCount{1, 100'000};
constexpr std::size_t kLongestName = 100;  // bytes of it in messages

std::string prompt(Value v) {
  config::check_prompt_text(v.option, v.text);
  return std::string(v.text);
}

struct Field {
  std::string_view name;
  bool is_number;
  void (*set)(Value value, Item& item);
};

constexpr std::array<Field, 9> kFields{
    {{"prompt", false, [](Value v, Item& item) { item.prompt = prompt(v); }},
     {"negative_prompt", false, [](Value v, Item& item) { item.negative_prompt = prompt(v); }},
     {"seed", true, [](Value v, Item& item) { item.seed = config::parse_seed(v); }},
     {"width", true, [](Value v, Item& item) { item.width = config::parse_pixels(v); }},
     {"height", true, [](Value v, Item& item) { item.height = config::parse_pixels(v); }},
     {"steps", true, [](Value v, Item& item) { item.steps = static_cast<int>(config::parse_integer(v, kSteps)); }},
     {"guidance_scale", true, [](Value v, Item& item) { item.guidance_scale = config::parse_not_negative(v); }},
     {"count", true, [](Value v, Item& item) { item.count = static_cast<int>(config::parse_integer(v, kCount)); }},
     {"out", false, [](Value v, Item& item) { item.out = std::string(v.text); }}}};

constexpr auto kNames = [] {
  std::array<std::string_view, kFields.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kFields[i].name;
  return names;
}();

const Field* find(std::string_view name) {
  const auto found = std::find_if(kFields.begin(), kFields.end(), [&](const Field& f) { return f.name == name; });
  return found == kFields.end() ? nullptr : &*found;
}

}  // namespace

std::span<const std::string_view> field_names() { return kNames; }

bool is_number(std::string_view field) {
  const Field* const found = find(field);
  return found != nullptr && found->is_number;
}

void set_field(Item& item, std::string_view field, std::string_view text, const std::string& place) {
  const Field* const found = find(field);
  if (found == nullptr) refuse_field(field, place);
  const std::string option = place + ": " + std::string(field);
  found->set({option, text}, item);
}

void refuse_field(std::string_view field, const std::string& place) {
  const auto meant = config::nearest(field, kNames);
  throw Error(ErrorKind::usage, place + ": " + printable(field, kLongestName) + ": unknown field" +
                                    (meant ? ", did you mean '" + std::string(*meant) + "'?" : ""));
}

}  // namespace zimage::batch
