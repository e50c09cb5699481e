// Values of the command line and of configuration files as people type them, read strictly: CLI11's own conversions
// turn -1 into 2^64-1, 010 into 8 and let nan pass. Every function throws Error(value.breach) with one line: the
// option, the value, the rule.
#pragma once

#include "zimage/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::config {

struct OptionValue {
  std::string_view option;              // "--width" or "FILE:LINE:COLUMN: image.width"
  std::string_view text;                // as typed
  ErrorKind breach = ErrorKind::usage;  // model for a value out of a file
};

struct IntegerRange {
  std::int64_t min, max;
};

// Decimal digits only. or_else: what else the option takes, for the message: "must be auto or ".
std::int64_t parse_integer(const OptionValue& value, const IntegerRange& range,
                           const std::string& or_else = "must be ");

// 0 to 2^64 - 1.
std::uint64_t parse_seed(const OptionValue& value);

// Width or height in pixels: a multiple of 16 from 16 to 8192.
int parse_pixels(const OptionValue& value);

// "1024x768", or an aspect ratio by name: landscape, portrait or square.
struct ImageSides {
  int width = 0, height = 0;  // pixels
};
ImageSides parse_image_size(const OptionValue& value);
// "16:9", "2.39:1": width over height, from 1/16 to 16.
double parse_aspect(const OptionValue& value);
// Of 1024 × 1024 pixels: above 0, at most 64.
double parse_megapixels(const OptionValue& value);
// The sides of that shape and area, to the nearest multiples of 16 pixels.
ImageSides sides_of(double aspect, double megapixels);

// A finite decimal number, 0 or more.
double parse_not_negative(const OptionValue& value);
double parse_seconds(const OptionValue& value);  // 3600 at most

// Bytes, more than 0: a decimal number and its unit, such as 12GiB, 12.5G (the same unit), 8GB or 800MiB.
std::uint64_t parse_size(const OptionValue& value);
// The same, or nothing for "auto".
std::optional<std::uint64_t> parse_budget(const OptionValue& value);

// auto, cpu, cuda or cuda:N, whether there is one or not.
std::string parse_device(const OptionValue& value);

// A path that names something.
std::string parse_path(const OptionValue& value);

// One of the words.
std::string parse_choice(const OptionValue& value, const std::vector<std::string_view>& words);

// A prompt given on the command line or in a file: UTF-8 without NUL.
void check_prompt_text(std::string_view source, std::string_view prompt, ErrorKind breach = ErrorKind::usage);

}  // namespace zimage::config
