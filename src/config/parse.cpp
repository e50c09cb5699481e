#include "config/parse.h"

#include "zimage/error.h"

#include "base/text.h"
#include "config/number.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace zimage::config {
namespace {

constexpr double kMaxBytes = 0x1p63;
constexpr double kMaxSeconds = 3600;

// 0 for what is no unit. A letter alone means the power of 1024, as in most tools.
double bytes_of_unit(std::string_view unit) {
  constexpr std::string_view kLetters = "KMGT";
  const std::size_t power = unit.empty() ? std::string_view::npos : kLetters.find(unit.front());
  if (power == std::string_view::npos) return 0;
  const std::string_view rest = unit.substr(1);
  const double base = rest == "B" ? 1000 : rest.empty() || rest == "iB" ? 1024 : 0;
  return std::pow(base, static_cast<double>(power + 1));
}

// Bytes, or nothing for what is no size above 0.
std::optional<std::uint64_t> size_in(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = number_in<double>(text.substr(0, digits));
  const double bytes = number.value_or(0) * bytes_of_unit(text.substr(digits));
  if (bytes < 1 || bytes >= kMaxBytes) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace

void refuse(const OptionValue& value, const std::string& rule) {
  constexpr std::size_t kLongestText = 200;  // bytes of a value in messages
  throw Error(value.breach, std::string(value.option) + " " +
                                (value.text.empty() ? "\"\"" : printable(value.text, kLongestText)) + ": " + rule);
}

std::int64_t parse_integer(const OptionValue& value, const IntegerRange& range, const std::string& or_else) {
  const auto number = number_in<std::int64_t>(value.text);
  if (!number || *number < range.min || *number > range.max) {
    refuse(value, or_else + "a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max));
  }
  return *number;
}

std::uint64_t parse_seed(const OptionValue& value) {
  const auto number = number_in<std::uint64_t>(value.text);
  if (!number) refuse(value, "must be a whole number from 0 to 18446744073709551615");
  return *number;
}

double parse_not_negative(const OptionValue& value) {
  const auto number = number_in<double>(value.text);
  if (!number || !std::isfinite(*number) || std::signbit(*number)) refuse(value, "must be a finite number, 0 or more");
  return *number;
}

double parse_seconds(const OptionValue& value) {
  const auto number = number_in<double>(value.text);
  if (!number || !(*number >= 0 && *number <= kMaxSeconds)) refuse(value, "must be seconds from 0 to 3600");
  return *number;
}

std::uint64_t parse_size(const OptionValue& value) {
  const auto bytes = size_in(value.text);
  if (!bytes) refuse(value, "must be a size above 0 such as 12GiB, 12.5GiB, 8GB or 800MiB");
  return *bytes;
}

std::optional<std::uint64_t> parse_budget(const OptionValue& value) {
  if (value.text == "auto") return std::nullopt;
  const auto bytes = size_in(value.text);
  if (!bytes) refuse(value, "must be auto, or a size above 0 such as 12GiB, 12.5GiB, 8GB or 800MiB");
  return bytes;
}

std::string parse_device(const OptionValue& value) {
  const bool numbered = value.text.starts_with("cuda:") && number_in<std::uint8_t>(value.text.substr(5));
  if (!numbered && value.text != "auto" && value.text != "cpu" && value.text != "cuda") {
    refuse(value, "must be auto, cpu, cuda or cuda:N");
  }
  return std::string(value.text);
}

std::string parse_path(const OptionValue& value) {
  if (value.text.empty()) refuse(value, "must name a file or a folder");
  return std::string(value.text);
}

std::string parse_choice(const OptionValue& value, const std::vector<std::string_view>& words) {
  std::string rule;
  for (const std::string_view word : words) {
    if (value.text == word) return std::string(word);
    rule += (rule.empty() ? "must be one of " : ", ") + std::string(word);
  }
  refuse(value, rule);
}

void check_prompt_text(std::string_view source, std::string_view prompt, ErrorKind breach) {
  for (std::size_t at = 0; at < prompt.size();) {
    const Utf8Char c = first_utf8_char(prompt.substr(at));
    const std::string where = std::string(source) + ": byte " + std::to_string(at) + ": ";
    if (c.bytes == 0) throw Error(breach, where + "the prompt must be UTF-8");
    if (c.code_point == 0) throw Error(breach, where + "the prompt must not hold a NUL");
    at += c.bytes;
  }
}

}  // namespace zimage::config
