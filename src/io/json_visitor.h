// JSON as a stream of events, for files too large to hold as values. parse_json is built on it.
#pragma once

#include "io/json.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zimage::io {

// Strings are there during the call only. A visitor refuses by throwing.
class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;
  virtual void null() = 0;
  virtual void boolean(bool value) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void big_integer(std::uint64_t value) = 0;  // above int64
  virtual void number(double value) = 0;              // finite
  virtual void string(std::string_view value) = 0;
  virtual void start_object() = 0;
  virtual void key(std::string_view name) = 0;
  virtual void end_object() = 0;
  virtual void start_array() = 0;
  virtual void end_array() = 0;
};

// Makes a value of the events, for a visitor that wants some of a large file's members as values.
// Throws Error(model) for a duplicate key.
class JsonBuilder : public JsonVisitor {
 public:
  explicit JsonBuilder(std::string_view source) : source_(source) {}

  void null() override { add(nullptr); }
  void boolean(bool value) override { add(value); }
  void integer(std::int64_t value) override { add(value); }
  void big_integer(std::uint64_t value) override { add(value); }
  void number(double value) override { add(value); }
  void string(std::string_view value) override { add(std::string(value)); }
  void start_object() override { open_.push_back({Json(Json::Object()), ""}); }
  void key(std::string_view name) override { open_.back().key = name; }
  void end_object() override;
  void start_array() override { open_.push_back({Json(Json::Array()), ""}); }
  void end_array() override { close(); }

  Json take() { return std::move(root_); }

 private:
  struct Open {
    Json container;
    std::string key;  // the member that comes next, in an object
  };

  void add(Json::Value value);
  void close();

  std::string source_;
  std::vector<Open> open_;
  Json root_;
};

// The rules of parse_json, except that duplicate keys are the visitor's to refuse.
// Throws Error(model) "SOURCE: byte N: rule".
void visit_json(std::string_view text, std::string_view source, const JsonLimits& limits, JsonVisitor& visitor);

}  // namespace zimage::io
