// What the readers of values share: a number that is the whole text, and the line that refuses a value.
#pragma once

#include "config/parse.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace zimage::config {

// Throws Error(value.breach) "OPTION VALUE: rule".
[[noreturn]] void refuse(const OptionValue& value, const std::string& rule);

// The whole text as one number; nothing if it is no number of this type.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

}  // namespace zimage::config
