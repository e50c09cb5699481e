// Numbers with units, for people.
#pragma once

#include <cstdint>
#include <string>

namespace zimage::app {

std::string format_bytes(std::uint64_t bytes);         // "512 B", "1.5 MiB", "11.5 GiB"
std::string format_count(std::uint64_t count);         // "512", "12.3 M", "6.15 B"
std::string format_seconds(double seconds);            // "0.42 s", "12.3 s", "3 min 05 s"
std::string format_fixed(double value, int decimals);  // "1.50"

}  // namespace zimage::app
