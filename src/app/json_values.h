// Numbers and words as JSON values: io::Json holds 64-bit integers and strings only, and takes no other type silently.
#pragma once

#include "io/json.h"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace zimage::app {

inline io::Json json(std::string_view text) { return io::Json(std::string(text)); }

template <std::signed_integral Integer>
io::Json json(Integer value) {
  return io::Json(static_cast<std::int64_t>(value));
}

// Where an int64 holds the number it is one, as a reader of JSON makes it.
template <std::unsigned_integral Integer>
io::Json json(Integer value) {
  const auto number = static_cast<std::uint64_t>(value);
  return number <= INT64_MAX ? io::Json(static_cast<std::int64_t>(number)) : io::Json(number);
}

}  // namespace zimage::app
