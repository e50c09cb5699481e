// Values of the command line as people type them, read strictly: CLI11's own conversions turn -1 into 2^64-1, 010 into
// 8 and let nan pass. Every function throws Error(usage) with one line: the option, the value, the rule.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace zimage::app {

struct OptionValue {
  std::string_view option;  // "--width"
  std::string_view text;    // as typed
};

struct IntegerRange {
  std::int64_t min, max;
};

// Decimal digits only.
std::int64_t parse_integer(const OptionValue& value, const IntegerRange& range);

// 0 to 2^64 - 1.
std::uint64_t parse_seed(const OptionValue& value);

// Width or height in pixels: a multiple of 16 from 16 to 8192.
int parse_pixels(const OptionValue& value);

// A finite decimal number, 0 or more.
double parse_not_negative(const OptionValue& value);

// One of the words.
std::string parse_choice(const OptionValue& value, std::initializer_list<std::string_view> words);

// A prompt given on the command line or in a file: UTF-8 without NUL.
void check_prompt_text(std::string_view source, std::string_view prompt);

}  // namespace zimage::app
