// A small JSON value, read strictly: UTF-8 only, no duplicate keys, bounded depth, finite numbers, nothing after the
// root.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace zimage::io {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in file order
  // Integers outside int64 are held as uint64 where they fit, else as double.
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;

  Json() = default;
  Json(Value value) : value_(std::move(value)) {}  // NOLINT: a JSON literal should read as one

  template <class T>
  const T* as() const {
    return std::get_if<T>(&value_);
  }
  template <class T>
  T* as() {
    return std::get_if<T>(&value_);
  }
  const Value& value() const { return value_; }
  Value take() && { return std::move(value_); }
  // "null", "boolean", "integer", "number", "string", "array" or "object", for messages.
  std::string_view type_name() const;
  // The member of an object, or null: also null if this is no object.
  const Json* find(std::string_view key) const;

 private:
  Value value_;
};

struct JsonLimits {
  std::size_t max_depth = 64;
};

// Throws Error(model) "SOURCE: byte N: rule".
Json parse_json(std::string_view text, std::string_view source, const JsonLimits& limits = {});

// Compact UTF-8 text, keys in the object's order; control characters escaped. Doubles in the shortest form that reads
// back equal.
std::string to_string(const Json& json);

}  // namespace zimage::io
