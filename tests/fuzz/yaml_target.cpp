#include "config/cards.h"
#include "config/config.h"
#include "config/yaml.h"
#include "fuzz/check.h"
#include "fuzz/targets.h"
#include "support/temp_dir.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace zimage::fuzz {
namespace {

using config::Yaml;
using config::YamlMember;

// In double quotes, everything but plain ASCII escaped.
std::string double_quoted(std::string_view text) {
  require(is_utf8(text), "a scalar that is not UTF-8");
  std::string out = "\"";
  while (!text.empty()) {
    const Utf8Char c = first_utf8_char(text);
    const bool is_plain = c.code_point >= 0x20 && c.code_point < 0x7F && c.code_point != '"' && c.code_point != '\\';
    std::array<char, 12> escape{};
    std::snprintf(escape.data(), escape.size(), "\\U%08x", static_cast<unsigned>(c.code_point));
    out += is_plain ? text.substr(0, c.bytes) : std::string_view(escape.data());
    text.remove_prefix(c.bytes);
  }
  return out + "\"";
}

// One line of YAML with the same values.
std::string printed(const Yaml& yaml) {
  if (const auto* scalar = std::get_if<Yaml::Scalar>(&yaml.value)) return double_quoted(scalar->text);
  std::string out;
  if (const auto* list = std::get_if<Yaml::List>(&yaml.value)) {
    for (const Yaml& item : *list) out += (out.empty() ? "[" : ", ") + printed(item);
    return out.empty() ? "[]" : out + "]";
  }
  if (const auto* map = std::get_if<Yaml::Map>(&yaml.value)) {
    for (const YamlMember& member : *map) {
      out += out.empty() ? "{" : ", ";
      out += "? " + double_quoted(member.key) + " : ";  // a key without a question mark has a bounded length
      out += printed(member.value);
    }
    return out.empty() ? "{}" : out + "}";
  }
  return "~";
}

}  // namespace

void yaml(std::string_view input) {
  config::YamlDocument document;
  if (!accepts({ErrorKind::model}, [&] { document = config::parse_yaml(input, "f.yaml"); })) return;
  const std::string text = printed(document.root);
  require(printed(config::parse_yaml(text, "printed").root) == text, "printed YAML reads back otherwise: " + text);
}

void config_yaml(std::string_view input) {
  config::Config first;
  if (!accepts({ErrorKind::model}, [&] { first.read(config::parse_yaml(input, "f.yaml")); })) return;
  first.options();  // every value was checked when it was read
  const std::string text = config::to_yaml(first);
  config::Config second, third;
  second.read(config::parse_yaml(text, "printed"));
  for (const config::Setting& setting : config::settings()) {
    const config::Given *a = first.given(setting), *b = second.given(setting);
    require(a == nullptr || (b != nullptr && a->text == b->text && a->more == b->more),
            "another value of " + std::string(setting.key));
  }
  third.read(config::parse_yaml(config::to_yaml(second), "printed"));
  require(config::to_yaml(third) == config::to_yaml(second), "a printed configuration reads back otherwise");
}

void cards_yaml(std::string_view input) {
  static const test::TempDir dir;
  const auto path = dir.write("cards.yaml", input);
  accepts({ErrorKind::model}, [&] {
    for (const config::Card& card : config::read_cards(path)) {
      const plan::Machine& machine = card.machine;
      require(machine.device_bytes > 0 && machine.free_bytes <= machine.device_bytes, "a card without memory");
      require(std::isfinite(machine.link_bytes_per_second), "a link of no speed");
    }
  });
}

void option_value(std::string_view input) {
  if (input.empty()) return;
  const auto settings = config::settings();
  const config::Setting& setting = settings[static_cast<unsigned char>(input[0]) % settings.size()];
  config::Options options;
  accepts({ErrorKind::usage}, [&] { setting.apply({setting.flag, input.substr(1), ErrorKind::usage}, options); });
  require(options.request.steps >= 2 && options.request.steps <= 1000, "steps out of bounds");
  require(std::isfinite(options.request.guidance_scale) && options.request.guidance_scale >= 0,
          "a guidance of no number");
  require(options.max_batch >= 1 && options.max_batch <= 64, "a batch out of bounds");
}

}  // namespace zimage::fuzz
