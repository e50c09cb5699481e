#include "config/parse.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace zimage::config {
namespace {

using test::expect_error;

TEST(ParseInteger, takes_decimal_digits_within_the_range) {
  const IntegerRange range{-5, 1000};
  EXPECT_EQ(parse_integer({"--n", "1000"}, range), 1000);
  EXPECT_EQ(parse_integer({"--n", "-5"}, range), -5);
  EXPECT_EQ(parse_integer({"--n", "010"}, range), 10);  // not octal
  for (const char* text : {"1001", "-6", "", " 1", "1 ", "+1", "0x10", "1.0", "1e2", "99999999999999999999", "nan"}) {
    expect_error(ErrorKind::usage, {"--n", "whole number from -5 to 1000"}, [&] {
      parse_integer({"--n", text}, range);
    });
  }
}

TEST(ParseSeed, takes_all_of_64_bits) {
  EXPECT_EQ(parse_seed({"--seed", "0"}), 0U);
  EXPECT_EQ(parse_seed({"--seed", "18446744073709551615"}), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"18446744073709551616", "-1", "", "1.5", "seven"}) {
    expect_error(ErrorKind::usage, {"--seed", "0 to 18446744073709551615"}, [&] { parse_seed({"--seed", text}); });
  }
}

TEST(ParsePixels, names_the_nearest_sizes) {
  expect_error(ErrorKind::usage, {"--width 1000", "the nearest are 992 and 1008"}, [] {
    parse_pixels({"--width", "1000"});
  });
  expect_error(ErrorKind::usage, {"--width 8191", "the nearest are 8176 and 8192"}, [] {
    parse_pixels({"--width", "8191"});
  });
}

TEST(ParseImageSize, takes_both_sides_or_a_name) {
  const ImageSides sides = parse_image_size({"--size", "1024x768"});
  EXPECT_EQ(sides.width, 1024);
  EXPECT_EQ(sides.height, 768);
  EXPECT_EQ(parse_image_size({"--size", "square"}).width, 1024);
  EXPECT_GT(parse_image_size({"--size", "landscape"}).width, parse_image_size({"--size", "landscape"}).height);
  EXPECT_LT(parse_image_size({"--size", "portrait"}).width, parse_image_size({"--size", "portrait"}).height);
  for (const char* text : {"", "1024", "x", "1024x", "x768", "1024X768", "1024x768x3", "-16x16", "wide"}) {
    expect_error(ErrorKind::usage, {"--size"}, [&] { parse_image_size({"--size", text}); });
  }
  expect_error(ErrorKind::usage, {"--size 1024x770", "height 770", "768 and 784"}, [] {
    parse_image_size({"--size", "1024x770"});
  });
}

TEST(ParseAspect, takes_ratios) {
  EXPECT_DOUBLE_EQ(parse_aspect({"--aspect", "16:9"}), 16.0 / 9);
  EXPECT_DOUBLE_EQ(parse_aspect({"--aspect", "2.5:1"}), 2.5);
  EXPECT_DOUBLE_EQ(parse_aspect({"--aspect", "1.5"}), 1.5);
  for (const char* text :
       {"", ":", "16:", ":9", "16:0", "0:9", "-1:1", "nan:1", "1:nan", "17:1", "1:17", "16x9", "inf:1"}) {
    expect_error(ErrorKind::usage, {"--aspect", "such as 16:9"}, [&] { parse_aspect({"--aspect", text}); });
  }
}

TEST(SidesOf, keeps_shape_and_area_to_multiples_of_16) {
  for (const double aspect : {1 / 16.0, 9 / 16.0, 1.0, 1.5, 2.39, 16.0}) {
    for (const double megapixels : {0.25, 1.0, 4.0}) {
      const ImageSides sides = sides_of(aspect, megapixels);
      EXPECT_EQ(sides.width % 16, 0);
      EXPECT_EQ(sides.height % 16, 0);
      EXPECT_NEAR(sides.width, std::sqrt(megapixels * aspect) * 1024, 8);
      EXPECT_NEAR(sides.height, std::sqrt(megapixels / aspect) * 1024, 8);
    }
  }
  EXPECT_EQ(sides_of(16, 64).width, 8192);
  EXPECT_EQ(sides_of(1 / 16.0, 1e-6).width, 16);
}

TEST(ParsePixels, takes_multiples_of_16_up_to_8192) {
  EXPECT_EQ(parse_pixels({"--width", "16"}), 16);
  EXPECT_EQ(parse_pixels({"--width", "8192"}), 8192);
  for (const char* text : {"0", "8", "24", "8208", "-16", "4294967312", "1024px"}) {
    expect_error(ErrorKind::usage, {"--width", text, "multiple of 16 from 16 to 8192"}, [&] {
      parse_pixels({"--width", text});
    });
  }
}

TEST(ParseNotNegative, takes_finite_numbers) {
  EXPECT_EQ(parse_not_negative({"--g", "0"}), 0);
  EXPECT_EQ(parse_not_negative({"--g", "4.5"}), 4.5);
  EXPECT_EQ(parse_not_negative({"--g", "1e-3"}), 1e-3);
  for (const char* text : {"nan", "inf", "-inf", "-1", "1e999", "", "0x1p3", "1,5", "4.5x"}) {
    expect_error(ErrorKind::usage, {"--g", "finite number"}, [&] { parse_not_negative({"--g", text}); });
  }
}

TEST(ParseSize, takes_numbers_with_a_unit) {
  constexpr std::uint64_t kMiB = 1 << 20;
  EXPECT_EQ(parse_size({"--b", "12GiB"}), 12 * 1024 * kMiB);
  EXPECT_EQ(parse_size({"--b", "12G"}), 12 * 1024 * kMiB);
  EXPECT_EQ(parse_size({"--b", "12.5GiB"}), 12800 * kMiB);
  EXPECT_EQ(parse_size({"--b", "8GB"}), 8'000'000'000U);
  EXPECT_EQ(parse_size({"--b", "800MiB"}), 800 * kMiB);
  EXPECT_EQ(parse_size({"--b", "1T"}), kMiB * kMiB);
  EXPECT_EQ(parse_size({"--b", "1KB"}), 1000U);
}

TEST(ParseSize, A17_refuses_zero_and_what_is_no_size) {
  for (const char* text :
       {"0",      "0GiB",     "12",     "",     "GiB",         "-1GiB",   "+1GiB", "12 GiB", "12gib", "12GiBs",
        "1e3GiB", "1.2.3GiB", "nanGiB", "infT", "9999999999T", "0.0001K", ".",     "12GIB",  "12Gb",  "0x1G"}) {
    expect_error(ErrorKind::usage, {"--b", "size above 0 such as 12GiB"}, [&] { parse_size({"--b", text}); });
  }
}

TEST(Parse, values_of_a_file_name_it) {
  expect_error(ErrorKind::model, {"z.yaml:1:8: steps one: must be"}, [] {
    parse_integer({"z.yaml:1:8: steps", "one", ErrorKind::model}, {0, 1});
  });
}

TEST(ParseChoice, takes_the_words_only) {
  EXPECT_EQ(parse_choice({"--rng", "cuda"}, {"cpu", "cuda"}), "cuda");
  for (const char* text : {"CPU", "", "cpu "}) {
    expect_error(ErrorKind::usage, {"--rng", "one of cpu, cuda"}, [&] {
      parse_choice({"--rng", text}, {"cpu", "cuda"});
    });
  }
}

TEST(Parse, hostile_values_stay_on_one_line) {
  expect_error(ErrorKind::usage, {R"(--n 1\n\x1b[2J)"}, [] { parse_integer({"--n", "1\n\x1b[2J"}, {0, 1}); });
}

TEST(CheckPromptText, P3_P4_utf8_without_nul) {
  check_prompt_text("--prompt", "a fox, 一只狐狸 🦊\n\x1b[0m");
  check_prompt_text("--prompt", "");
  using namespace std::string_view_literals;
  expect_error(ErrorKind::usage, {"--prompt", "byte 1", "UTF-8"}, [] { check_prompt_text("--prompt", "a\xC0\xAF"); });
  expect_error(ErrorKind::usage, {"--prompt", "byte 0", "UTF-8"},
               [] { check_prompt_text("--prompt", "\xED\xA0\x80"); });
  expect_error(ErrorKind::usage, {"--prompt", "byte 2", "NUL"}, [] { check_prompt_text("--prompt", "ab\0c"sv); });
}

}  // namespace
}  // namespace zimage::config
