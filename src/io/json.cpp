#include "io/json.h"

#include "base/text.h"
#include "io/json_visitor.h"

#include <charconv>
#include <type_traits>

namespace zimage::io {
namespace {

std::string number_text(double value) {
  char buffer[32];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, value);
  std::string text(buffer, end.ptr);
  // Without this a whole double would be read back as an integer.
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

void append(std::string& text, const Json& json);

void append_array(std::string& text, const Json::Array& array) {
  text += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) text += ',';
    append(text, array[i]);
  }
  text += ']';
}

void append_object(std::string& text, const Json::Object& object) {
  text += '{';
  for (std::size_t i = 0; i < object.size(); ++i) {
    if (i > 0) text += ',';
    text += json_quoted(object[i].first) + ':';
    append(text, object[i].second);
  }
  text += '}';
}

void append(std::string& text, const Json& json) {
  const auto write = [&text](const auto& value) {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::nullptr_t>)
      text += "null";
    else if constexpr (std::is_same_v<T, bool>)
      text += value ? "true" : "false";
    else if constexpr (std::is_same_v<T, double>)
      text += number_text(value);
    else if constexpr (std::is_same_v<T, std::string>)
      text += json_quoted(value);
    else if constexpr (std::is_same_v<T, Json::Array>)
      append_array(text, value);
    else if constexpr (std::is_same_v<T, Json::Object>)
      append_object(text, value);
    else
      text += std::to_string(value);
  };
  std::visit(write, json.value());
}

}  // namespace

std::string_view Json::type_name() const {
  constexpr std::string_view kNames[] = {"null",   "boolean", "integer", "integer",
                                         "number", "string",  "array",   "object"};
  return kNames[value_.index()];
}

const Json* Json::find(std::string_view key) const {
  const Object* object = as<Object>();
  if (object == nullptr) return nullptr;
  for (const auto& [name, member] : *object) {
    if (name == key) return &member;
  }
  return nullptr;
}

Json parse_json(std::string_view text, std::string_view source, const JsonLimits& limits) {
  JsonBuilder builder(source);
  visit_json(text, source, limits, builder);
  return builder.take();
}

std::string to_string(const Json& json) {
  std::string text;
  append(text, json);
  return text;
}

}  // namespace zimage::io
