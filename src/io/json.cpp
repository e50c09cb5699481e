#include "io/json.h"

#include "zimage/error.h"

#include "base/name_index.h"
#include "base/text.h"
#include "io/json_visitor.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <type_traits>

namespace zimage::io {
namespace {

[[noreturn]] void refuse(std::string_view source, std::size_t byte, const std::string& rule) {
  throw Error(ErrorKind::model, printable(source) + ": byte " + std::to_string(byte) + ": " + rule);
}

// The fixed phrase inside "[...] parse error at ...: syntax error while parsing value - PHRASE; last read: '...'".
std::string syntax_rule(std::string_view what) {
  const std::size_t dash = what.find(" - ");
  if (dash == std::string_view::npos) return "not valid JSON";
  const std::string_view phrase = what.substr(dash + 3);
  return "not valid JSON: " + printable(phrase.substr(0, phrase.find("; ")), 200);
}

// nlohmann's events passed on, with the depth counted.
class Adapter : public nlohmann::json_sax<nlohmann::json> {
 public:
  Adapter(std::string_view source, const JsonLimits& limits, JsonVisitor& visitor)
      : source_(source), limits_(limits), visitor_(visitor) {}

  bool null() override { return visitor_.null(), true; }
  bool boolean(bool value) override { return visitor_.boolean(value), true; }
  bool number_integer(number_integer_t value) override { return visitor_.integer(value), true; }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<std::uint64_t>(INT64_MAX)) {
      visitor_.integer(static_cast<std::int64_t>(value));
    } else {
      visitor_.big_integer(value);
    }
    return true;
  }
  bool number_float(number_float_t value, const string_t&) override { return visitor_.number(value), true; }
  bool string(string_t& value) override { return visitor_.string(value), true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(), visitor_.start_object(), true; }
  bool key(string_t& name) override { return visitor_.key(name), true; }
  bool end_object() override { return --depth_, visitor_.end_object(), true; }
  bool start_array(std::size_t) override { return open(), visitor_.start_array(), true; }
  bool end_array() override { return --depth_, visitor_.end_array(), true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    constexpr int kNumberOverflow = 406;
    refuse(source_, position, error.id == kNumberOverflow ? "a number is not finite" : syntax_rule(error.what()));
  }

 private:
  void open() {
    if (++depth_ > limits_.max_depth) {
      throw Error(ErrorKind::model,
                  printable(source_) + ": JSON nested deeper than " + std::to_string(limits_.max_depth) + " levels");
    }
  }

  std::string_view source_;
  const JsonLimits& limits_;
  JsonVisitor& visitor_;
  std::size_t depth_ = 0;
};

// Events to a value.
class Builder : public JsonVisitor {
 public:
  explicit Builder(std::string_view source) : source_(source) {}

  void null() override { add(nullptr); }
  void boolean(bool value) override { add(value); }
  void integer(std::int64_t value) override { add(value); }
  void big_integer(std::uint64_t value) override { add(value); }
  void number(double value) override { add(value); }
  void string(std::string& value) override { add(std::move(value)); }
  void start_object() override { open_.push_back({Json(Json::Object()), ""}); }
  void key(std::string& name) override { open_.back().key = std::move(name); }
  void end_object() override {
    refuse_duplicates(*open_.back().container.as<Json::Object>());
    close();
  }
  void start_array() override { open_.push_back({Json(Json::Array()), ""}); }
  void end_array() override { close(); }

  Json take() { return std::move(root_); }

 private:
  struct Open {
    Json container;
    std::string key;  // the member that comes next, in an object
  };

  void add(Json::Value value) {
    if (open_.empty()) {
      root_ = Json(std::move(value));
    } else if (auto* object = open_.back().container.as<Json::Object>()) {
      object->emplace_back(std::move(open_.back().key), Json(std::move(value)));
    } else {
      open_.back().container.as<Json::Array>()->emplace_back(std::move(value));
    }
  }

  void close() {
    Json closed = std::move(open_.back().container);
    open_.pop_back();
    add(std::move(closed).take());
  }

  void refuse_duplicates(const Json::Object& object) const {
    const auto name_at = [&](std::size_t i) -> std::string_view { return object[i].first; };
    if (const auto twice = NameIndex(object.size(), name_at).duplicate(name_at)) {
      throw Error(ErrorKind::model, printable(source_) + ": duplicate key \"" + printable(name_at(*twice), 200) + "\"");
    }
  }

  std::string_view source_;
  std::vector<Open> open_;
  Json root_;
};

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

void visit_json(std::string_view text, std::string_view source, const JsonLimits& limits, JsonVisitor& visitor) {
  // Two things that the parser underneath would let pass: it skips a byte order mark and takes NUL for the end.
  if (text.starts_with("\xEF\xBB\xBF")) refuse(source, 0, "starts with a byte order mark");
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) refuse(source, nul, "a NUL byte");
  Adapter adapter(source, limits, visitor);
  nlohmann::json::sax_parse(text.begin(), text.end(), &adapter);
}

Json parse_json(std::string_view text, std::string_view source, const JsonLimits& limits) {
  Builder builder(source);
  visit_json(text, source, limits, builder);
  return builder.take();
}

std::string to_string(const Json& json) {
  std::string text;
  append(text, json);
  return text;
}

}  // namespace zimage::io
