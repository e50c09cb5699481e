// Every option with what none may take, from the command line (group A) and from a file (group Y).
#include "config/config.h"
#include "config/settings.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace zimage::config {
namespace {

using test::expect_error;

struct BadValue {
  std::string name;  // with the catalogue's ID
  const Setting* setting;
  std::string value;
};

std::string name_of(const testing::TestParamInfo<BadValue>& info) {
  std::string name = info.param.name + "_" + std::string(info.param.setting->key);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

// --- Command line ---------------------------------------------------------------------------------------------------

// No number, no word and no size; text may be anything.
std::vector<BadValue> bad_option_values() {
  const std::vector<std::pair<std::string, std::string>> values{
      {"A2_negative", "-1"},         {"A9_nan", "nan"},          {"A9_infinite", "inf"},
      {"A9_beyond_double", "1e999"}, {"A18_empty", ""},          {"A18_junk_behind", "1x"},
      {"A18_hexadecimal", "0x10"},   {"A18_blank_behind", "1 "}, {"A18_escape", "\x1b[2J"}};
  std::vector<BadValue> all;
  for (const Setting& setting : settings()) {
    if (setting.notation == Notation::text) continue;
    for (const auto& [name, value] : values) {
      if (!value.empty() || !setting.may_stand_alone()) all.push_back({name, &setting, value});
    }
  }
  return all;
}

class BadOption : public testing::TestWithParam<BadValue> {};

TEST_P(BadOption, is_refused_by_name) {
  const auto& [name, setting, value] = GetParam();
  Options options;
  expect_error(ErrorKind::usage, {std::string(setting->flag) + " "}, [&, &setting = setting, &value = value] {
    setting->apply({setting->flag, value}, options);
  });
}

INSTANTIATE_TEST_SUITE_P(EveryOption, BadOption, testing::ValuesIn(bad_option_values()), name_of);

// --- Configuration files --------------------------------------------------------------------------------------------

// "memory: {budget: VALUE}"
std::string document_of(const Setting& setting, const std::string& value) {
  const std::size_t dot = setting.key.find('.');
  if (dot == std::string_view::npos) return std::string(setting.key) + ": " + value + "\n";
  return std::string(setting.key.substr(0, dot)) + ": {" + std::string(setting.key.substr(dot + 1)) + ": " + value +
         "}\n";
}

std::vector<std::pair<std::string, std::string>> wrong_types(const Setting& setting) {
  const Notation notation = setting.notation;
  std::vector<std::pair<std::string, std::string>> values{{"Y6_list", setting.may_repeat ? "[[a]]" : "[a]"},
                                                          {"Y6_mapping", "{a: 1}"},
                                                          {"Y6_null", "~"},
                                                          {"Y8_tag", "!!str x"},
                                                          {"Y1_alias", "*a"}};
  const auto add = [&](const std::string& name, const std::string& value) { values.emplace_back(name, value); };
  if (notation == Notation::text) {
    add("Y6_number", "12");
    add("Y6_boolean", "true");
  }
  if (notation == Notation::number) {
    add("Y6_quoted", "\"12\"");
    add("Y6_text", "many");
    add("Y7_octal", "010");
    add("Y7_hexadecimal", "0x10");
    add("Y7_underscore", "1_0");
  }
  if (notation == Notation::boolean) {
    add("Y6_quoted", "\"true\"");
    add("Y6_number", "1");
    add("Y7_no", "no");
    add("Y7_on", "on");
    add("Y7_capital", "True");
  }
  if (notation == Notation::word) add("Y6_text", "nonsense");
  return values;
}

std::vector<BadValue> bad_file_values() {
  std::vector<BadValue> all;
  for (const Setting& setting : settings()) {
    for (const auto& [name, value] : wrong_types(setting)) all.push_back({name, &setting, value});
  }
  return all;
}

class BadKey : public testing::TestWithParam<BadValue> {};

TEST_P(BadKey, is_refused_with_its_place) {
  const auto& [name, setting, value] = GetParam();
  const std::string text = document_of(*setting, value);
  SCOPED_TRACE(text);
  Config config;
  expect_error(ErrorKind::model, {"f.yaml:1:"}, [&] { config.read(parse_yaml(text, "f.yaml")); });
}

INSTANTIATE_TEST_SUITE_P(EveryKey, BadKey, testing::ValuesIn(bad_file_values()), name_of);

}  // namespace
}  // namespace zimage::config
