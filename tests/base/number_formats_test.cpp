#include "base/number_formats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace zimage {
namespace {

// OCP's table of E4M3: sign, four bits of exponent with a bias of 7, three of mantissa.
double e4m3(int code) {
  const double sign = code >= 0x80 ? -1 : 1;
  const int exponent = (code >> 3) % 16, mantissa = code % 8;
  if (exponent == 15 && mantissa == 7) return std::numeric_limits<double>::quiet_NaN();
  return exponent == 0 ? sign * mantissa / 512 : sign * (1 + mantissa / 8.0) * std::pow(2.0, exponent - 7);
}

TEST(NumberFormats, all_codes_of_e4m3) {
  for (int code = 0; code < 256; ++code) {
    const float value = value_of_f8_e4m3(static_cast<std::uint8_t>(code));
    if (code % 128 == 127) {
      EXPECT_TRUE(std::isnan(value)) << code;
    } else {
      EXPECT_EQ(value, e4m3(code)) << code;
      EXPECT_EQ(std::signbit(value), code >= 128) << code;
    }
  }
  EXPECT_EQ(value_of_f8_e4m3(0x7E), 448);
  EXPECT_EQ(value_of_f8_e4m3(0x01), 0.001953125F);
  EXPECT_EQ(value_of_f8_e4m3(0x38), 1);
}

// Each exactly, where its type can hold it: 8 bits always fit into 16.
TEST(NumberFormats, codes_are_widened_and_scaled) {
  std::vector<std::byte> codes(256);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::byte>(i);
  for (const float scale : {1.0F, 0.5F, 1.0F / 3}) {
    std::vector<float> f32(256);
    std::vector<std::uint16_t> f16(256), bf16(256);
    widen_f8_e4m3(codes, scale, DType::f32, reinterpret_cast<std::byte*>(f32.data()));
    widen_f8_e4m3(codes, scale, DType::f16, reinterpret_cast<std::byte*>(f16.data()));
    widen_f8_e4m3(codes, scale, DType::bf16, reinterpret_cast<std::byte*>(bf16.data()));
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const float expected = static_cast<float>(e4m3(static_cast<int>(i))) * scale;
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(f32[i]) && std::isnan(value_of_f16(f16[i])) && std::isnan(value_of_bf16(bf16[i]))) << i;
        continue;
      }
      EXPECT_EQ(f32[i], expected) << i;
      EXPECT_EQ(f16[i], f16_of(expected)) << i;
      EXPECT_EQ(bf16[i], bf16_of(expected)) << i;
      if (scale == 1) {
        EXPECT_EQ(value_of_f16(f16[i]), expected) << i;
        EXPECT_EQ(value_of_bf16(bf16[i]), expected) << i;
      }
    }
  }
}

TEST(NumberFormats, every_16_bit_number_comes_back) {
  for (std::uint32_t i = 0; i < 0x10000; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    if ((bits & 0x7C00) != 0x7C00 || (bits & 0x3FF) == 0) {
      EXPECT_EQ(f16_of(value_of_f16(bits)), bits);
    } else {
      EXPECT_TRUE(std::isnan(value_of_f16(f16_of(value_of_f16(bits)))));
    }
    if ((bits & 0x7F80) != 0x7F80 || (bits & 0x7F) == 0) {
      EXPECT_EQ(bf16_of(value_of_bf16(bits)), bits);
    } else {
      EXPECT_TRUE(std::isnan(value_of_bf16(bf16_of(value_of_bf16(bits)))));
    }
  }
}

// Halfway between two neighbours it goes to the even one; the least bit more or less decides.
TEST(NumberFormats, rounding_is_to_the_nearest_and_to_even) {
  for (std::uint32_t i = 0; i < 0x7BFF; ++i) {
    const auto low = static_cast<std::uint16_t>(i), high = static_cast<std::uint16_t>(i + 1);
    const float middle = (value_of_f16(low) + value_of_f16(high)) / 2;
    EXPECT_EQ(f16_of(middle), i % 2 == 0 ? low : high) << i;
    EXPECT_EQ(f16_of(std::nextafter(middle, 0.0F)), low) << i;
    EXPECT_EQ(f16_of(std::nextafter(middle, 1e9F)), high) << i;
    EXPECT_EQ(f16_of(-middle), (i % 2 == 0 ? low : high) | 0x8000) << i;
  }
  for (std::uint32_t i = 0; i < 0x7F7F; ++i) {
    const std::uint32_t middle = i << 16 | 0x8000;
    EXPECT_EQ(bf16_of(std::bit_cast<float>(middle)), i % 2 == 0 ? i : i + 1);
    EXPECT_EQ(bf16_of(std::bit_cast<float>(middle - 1)), i);
    EXPECT_EQ(bf16_of(std::bit_cast<float>(middle + 1)), i + 1);
  }
  EXPECT_EQ(f16_of(65519.996F), 0x7BFF);
  EXPECT_EQ(f16_of(65520), 0x7C00);
  EXPECT_EQ(f16_of(-3e38F), 0xFC00);
  EXPECT_EQ(f16_of(1e-30F), 0);
}

}  // namespace
}  // namespace zimage
