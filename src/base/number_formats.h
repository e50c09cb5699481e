// Floating-point numbers of 8 and 16 bits, to and from float32: exact one way, rounded to the nearest (ties to even)
// the other: the bits that LibTorch gives to a number.
#pragma once

#include "base/dtype.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace zimage {

// S.EEEE.MMM with a bias of 7, no infinity, NaN at 0x7F and 0xFF: the "fn" kind, which is what F8_E4M3 means in files.
float value_of_f8_e4m3(std::uint8_t code);
float value_of_f16(std::uint16_t bits);

inline float value_of_bf16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

// From 65520 on: infinity. Without branches, so that a loop over many becomes vector instructions.
inline std::uint16_t f16_of(float value) {
  const auto whole = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t bits = whole & 0x7FFFFFFF, sign = whole >> 16 & 0x8000;
  const std::uint32_t normal = (bits + 0xC8000FFF + (bits >> 13 & 1)) >> 13;  // the exponent less 112, rounded
  // Adding 0.5 moves a number below 2^-14 to where a float32's last bit is that of a subnormal float16.
  const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(bits) + 0.5F) - 0x3F000000;
  std::uint32_t rounded = bits < 0x38800000 ? subnormal : normal;
  rounded = bits >= 0x477FF000 ? 0x7C00 : rounded;
  rounded = bits > 0x7F800000 ? 0x7E00 : rounded;
  return static_cast<std::uint16_t>(sign | rounded);
}

inline std::uint16_t bf16_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return static_cast<std::uint16_t>((bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : rounded);
}

// Each code's value times `scale`, in float32, then rounded to `to`: f32, f16 or bf16. out: as many values.
void widen_f8_e4m3(std::span<const std::byte> codes, float scale, DType to, std::byte* out);

}  // namespace zimage
