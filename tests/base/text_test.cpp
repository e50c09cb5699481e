#include "base/text.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

TEST(Text, utf8_boundaries) {
  EXPECT_EQ(first_utf8_char("a").code_point, U'a');
  EXPECT_EQ(first_utf8_char("\xC3\xA9!").code_point, U'\u00E9');
  EXPECT_EQ(first_utf8_char("\xE7\xBA\xA2").bytes, 3U);
  EXPECT_EQ(first_utf8_char("\xF4\x8F\xBF\xBF").code_point, U'\U0010FFFF');
}

TEST(Text, bytes_that_are_no_utf8) {
  // A continuation alone, an overlong slash and NUL, a surrogate, beyond U+10FFFF, cut short, never a lead byte.
  for (const char* bytes : {"\x80", "\xC0\xAF", "\xC0\x80", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                            "\xE7\xBA", "\xC3", "\xFF", ""}) {
    EXPECT_EQ(first_utf8_char(bytes).bytes, 0U) << printable(bytes);
  }
}

TEST(Text, is_utf8) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a \xE7\xBA\xA2 circle"));
  EXPECT_FALSE(is_utf8("\xE7\xBA\xA2\xFF!"));
  EXPECT_FALSE(is_utf8("a \xE7\xBA"));
}

TEST(Text, printable_keeps_one_plain_line) {
  EXPECT_EQ(printable("caf\xC3\xA9 \xE7\xBA\xA2"), "caf\xC3\xA9 \xE7\xBA\xA2");
  EXPECT_EQ(printable("a\nb\tc\x1b[31m"), "a\\nb\\tc\\x1b[31m");
  EXPECT_EQ(printable(std::string_view("\0\x7f\xFF", 3)), "\\x00\\x7f\\xff");
  EXPECT_EQ(printable("\xC2\x9B\xE2\x80\xAE"), "\\u{9b}\\u{202e}");
}

TEST(Text, printable_is_cut_at_whole_characters) {
  EXPECT_EQ(printable("abcdef", 4), "abcd...");
  EXPECT_EQ(printable("abc\xC3\xA9", 4), "abc...");
  EXPECT_EQ(printable("abcd", 4), "abcd");
}

TEST(Text, json_quoted_escapes) {
  EXPECT_EQ(json_quoted("a\"b\\c\n\x1b"), "\"a\\\"b\\\\c\\n\\u001b\"");
  EXPECT_EQ(json_quoted("\xE7\xBA\xA2"), "\"\xE7\xBA\xA2\"");
  EXPECT_EQ(json_quoted("x\xFFy"), "\"x\xEF\xBF\xBDy\"");
}

}  // namespace
}  // namespace zimage
