#include "app/format.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace zimage::app {
namespace {

// Three significant digits.
std::string scaled(double value) { return format_fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0); }

}  // namespace

std::string format_fixed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {" KiB", " MiB", " GiB", " TiB"}) {
    if (value < 1023.5 && *unit != '\0') break;
    value /= 1024;
    unit = next;
  }
  return scaled(value) + unit;
}

std::string format_count(std::uint64_t count) {
  const auto value = static_cast<double>(count);
  if (count < 100'000) return std::to_string(count);
  return count < 1'000'000'000 ? scaled(value / 1e6) + " M" : scaled(value / 1e9) + " B";
}

std::string format_seconds(double seconds) {
  if (seconds < 99.95) return format_fixed(seconds, seconds < 9.995 ? 2 : 1) + " s";
  const auto whole = static_cast<long>(std::lround(seconds));
  const std::string rest = std::to_string(whole % 60);
  return std::to_string(whole / 60) + " min " + (rest.size() < 2 ? "0" : "") + rest + " s";
}

}  // namespace zimage::app
