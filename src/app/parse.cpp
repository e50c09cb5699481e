#include "app/parse.h"

#include "zimage/error.h"

#include "base/text.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

namespace zimage::app {
namespace {

constexpr std::int64_t kPixelMultiple = 16;
constexpr std::int64_t kMaxPixels = 8192;

[[noreturn]] void refuse(const OptionValue& value, const std::string& rule) {
  throw Error(ErrorKind::usage,
              std::string(value.option) + " " + (value.text.empty() ? "\"\"" : printable(value.text)) + ": " + rule);
}

// The whole text as one number; nothing if it is no number of this type.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

}  // namespace

std::int64_t parse_integer(const OptionValue& value, const IntegerRange& range) {
  const auto number = number_in<std::int64_t>(value.text);
  if (!number || *number < range.min || *number > range.max) {
    refuse(value, "must be a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max));
  }
  return *number;
}

std::uint64_t parse_seed(const OptionValue& value) {
  const auto number = number_in<std::uint64_t>(value.text);
  if (!number) refuse(value, "must be a whole number from 0 to 18446744073709551615");
  return *number;
}

int parse_pixels(const OptionValue& value) {
  const auto number = number_in<std::int64_t>(value.text);
  if (!number || *number < kPixelMultiple || *number > kMaxPixels || *number % kPixelMultiple != 0) {
    refuse(value, "must be a multiple of 16 from 16 to 8192 (pixels)");
  }
  return static_cast<int>(*number);
}

double parse_not_negative(const OptionValue& value) {
  const auto number = number_in<double>(value.text);
  if (!number || !std::isfinite(*number) || std::signbit(*number)) refuse(value, "must be a finite number, 0 or more");
  return *number;
}

std::string parse_choice(const OptionValue& value, std::initializer_list<std::string_view> words) {
  std::string rule;
  for (const std::string_view word : words) {
    if (value.text == word) return std::string(word);
    rule += (rule.empty() ? "must be one of " : ", ") + std::string(word);
  }
  refuse(value, rule);
}

void check_prompt_text(std::string_view source, std::string_view prompt) {
  for (std::size_t at = 0; at < prompt.size();) {
    const Utf8Char c = first_utf8_char(prompt.substr(at));
    const std::string where = std::string(source) + ": byte " + std::to_string(at) + ": ";
    if (c.bytes == 0) throw Error(ErrorKind::usage, where + "the prompt must be UTF-8");
    if (c.code_point == 0) throw Error(ErrorKind::usage, where + "the prompt must not hold a NUL");
    at += c.bytes;
  }
}

}  // namespace zimage::app
