// SHA-256 (FIPS 180-4): names the content of a file, and compares settings without keeping them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace zimage::io {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

// 64 lower-case digits, as sha256sum prints them.
std::string hex(const Sha256& digest);

}  // namespace zimage::io
