#include "checkpoint/config_file.h"

#include "zimage/error.h"

#include "base/text.h"
#include "io/file.h"
#include "io/model_file.h"

#include <algorithm>
#include <charconv>

namespace zimage {
namespace {

constexpr std::uint64_t kMaxBytes = 1 << 20;

bool is_absent(const io::Json* json) { return json == nullptr || json->as<std::nullptr_t>() != nullptr; }

std::string short_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

ConfigFile::ConfigFile(const std::filesystem::path& dir, std::string_view name)
    : path_(io::model_file(dir, name)), root_(io::parse_json(io::read_whole(path_, kMaxBytes), path_.native())) {
  if (root_.as<io::Json::Object>() == nullptr) {
    throw Error(ErrorKind::model, printable(path_.native()) + ": is not an object");
  }
}

void ConfigFile::refuse(std::string_view field, const std::string& rule) const {
  throw Error(ErrorKind::model,
              printable(path_.native()) + ": field \"" + printable(field, 200) + "\": " + printable(rule, 400));
}

const io::Json& ConfigFile::required(std::string_view field) const {
  const io::Json* json = root_.find(field);
  if (json == nullptr) refuse(field, "is missing");
  return *json;
}

std::int64_t ConfigFile::checked_integer(const io::Json& json, std::string_view field, IntegerRange range) const {
  const auto* value = json.as<std::int64_t>();
  if (value == nullptr) {
    const bool huge = json.as<std::uint64_t>() != nullptr || json.as<double>() != nullptr;
    refuse(field, huge ? "must be an integer in range, written as one"
                       : "must be an integer, is " + std::string(json.type_name()));
  }
  if (*value < range.min || *value > range.max) {
    refuse(field,
           std::to_string(*value) + " is outside " + std::to_string(range.min) + " to " + std::to_string(range.max));
  }
  return *value;
}

std::int64_t ConfigFile::integer(std::string_view field, IntegerRange range) const {
  return checked_integer(required(field), field, range);
}

std::vector<std::int64_t> ConfigFile::integers(std::string_view field, IntegerRange range) const {
  const auto* array = required(field).as<io::Json::Array>();
  if (array == nullptr) refuse(field, "must be a list of integers, is " + std::string(required(field).type_name()));
  std::vector<std::int64_t> values;
  for (const io::Json& element : *array) values.push_back(checked_integer(element, field, range));
  return values;
}

double ConfigFile::number(std::string_view field, NumberRange range) const {
  return number_of(root_.find(field), field, range);
}

double ConfigFile::number_of(const io::Json* json, std::string_view field, NumberRange range) const {
  if (json == nullptr) refuse(field, "is missing");
  double value = 0;
  if (const auto* whole = json->as<std::int64_t>()) {
    value = static_cast<double>(*whole);
  } else if (const auto* real = json->as<double>()) {
    value = *real;
  } else {
    refuse(field, "must be a number in range, is " + std::string(json->type_name()));
  }
  if (value < range.min || value > range.max) {
    refuse(field, short_text(value) + " is outside " + short_text(range.min) + " to " + short_text(range.max));
  }
  return value;
}

std::string ConfigFile::string(std::string_view field) const {
  const auto* text = required(field).as<std::string>();
  if (text == nullptr) refuse(field, "must be a string, is " + std::string(required(field).type_name()));
  return *text;
}

void ConfigFile::expect_flag(std::string_view field, bool expected, bool if_absent) const {
  const io::Json* json = root_.find(field);
  bool value = if_absent;
  if (!is_absent(json)) {
    const auto* flag = json->as<bool>();
    if (flag == nullptr) refuse(field, "must be true or false, is " + std::string(json->type_name()));
    value = *flag;
  }
  if (value != expected) {
    refuse(field, std::string(is_absent(json) ? "is absent, which means " : "is ") + (value ? "true" : "false") +
                      ", which this program does not compute");
  }
}

void ConfigFile::expect_string(std::string_view field, std::string_view expected) const {
  if (const std::string value = string(field); value != expected) {
    refuse(field, "is \"" + printable(value, 100) + "\", this program knows \"" + std::string(expected) + "\" only");
  }
}

void ConfigFile::expect_null(std::string_view field) const {
  if (!is_absent(root_.find(field))) refuse(field, "is not null, which this program does not compute");
}

void ConfigFile::expect_every_string(std::string_view field, std::string_view expected) const {
  const io::Json* json = root_.find(field);
  if (is_absent(json)) return;
  const auto* array = json->as<io::Json::Array>();
  const auto matches = [&](const io::Json& element) {
    const auto* text = element.as<std::string>();
    return text != nullptr && *text == expected;
  };
  if (array == nullptr || !std::all_of(array->begin(), array->end(), matches)) {
    refuse(field, "must hold \"" + std::string(expected) + "\" only");
  }
}

void ConfigFile::expect_integers(std::string_view field, const std::vector<std::int64_t>& expected) const {
  if (integers(field, {INT64_MIN, INT64_MAX}) != expected) {
    std::string list;
    for (const std::int64_t value : expected) list += (list.empty() ? "" : ", ") + std::to_string(value);
    refuse(field, "must be [" + list + "], which is all this program computes");
  }
}

std::string ConfigFile::code_warning() const {
  if (is_absent(root_.find("auto_map"))) return "";
  return printable(path_.native()) + ": auto_map is ignored: code from a model folder is never run";
}

}  // namespace zimage
