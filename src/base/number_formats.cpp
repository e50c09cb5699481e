#include "base/number_formats.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace zimage {
namespace {

template <typename Value, typename Make>
void look_up(std::span<const std::byte> codes, std::byte* out, const Make& make) {
  std::array<Value, 256> table{};
  for (std::size_t code = 0; code < table.size(); ++code) table[code] = make(static_cast<std::uint8_t>(code));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    std::memcpy(out + i * sizeof(Value), &table[static_cast<std::size_t>(codes[i])], sizeof(Value));
  }
}

}  // namespace

float value_of_f8_e4m3(std::uint8_t code) {
  const int exponent = code >> 3 & 0xF, mantissa = code & 7;
  if ((code & 0x7F) == 0x7F) return std::numeric_limits<float>::quiet_NaN();
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                                   : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
  return (code & 0x80) != 0 ? -size : size;
}

float value_of_f16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1F, mantissa = bits & 0x3FF;
  float size = 0;
  if (exponent == 0x1F) {
    size = mantissa == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    size = std::ldexp(static_cast<float>(mantissa), -24);
  } else {
    size = std::ldexp(static_cast<float>(0x400 + mantissa), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -size : size;
}

void widen_f8_e4m3(std::span<const std::byte> codes, float scale, DType to, std::byte* out) {
  const auto value = [scale](std::uint8_t code) { return value_of_f8_e4m3(code) * scale; };
  if (to == DType::f16) return look_up<std::uint16_t>(codes, out, [&](std::uint8_t c) { return f16_of(value(c)); });
  if (to == DType::bf16) return look_up<std::uint16_t>(codes, out, [&](std::uint8_t c) { return bf16_of(value(c)); });
  look_up<float>(codes, out, value);
}

}  // namespace zimage
