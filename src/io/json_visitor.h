// JSON as a stream of events, for files too large to hold as values. parse_json is built on it.
#pragma once

#include "io/json.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace zimage::io {

// Strings may be moved from. A visitor refuses by throwing.
class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;
  virtual void null() = 0;
  virtual void boolean(bool value) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void big_integer(std::uint64_t value) = 0;  // above int64
  virtual void number(double value) = 0;              // finite
  virtual void string(std::string& value) = 0;
  virtual void start_object() = 0;
  virtual void key(std::string& name) = 0;
  virtual void end_object() = 0;
  virtual void start_array() = 0;
  virtual void end_array() = 0;
};

// The rules of parse_json, except that duplicate keys are the visitor's to refuse.
// Throws Error(model) "SOURCE: byte N: rule".
void visit_json(std::string_view text, std::string_view source, const JsonLimits& limits, JsonVisitor& visitor);

}  // namespace zimage::io
