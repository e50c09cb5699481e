// Categories, UTF-8 and Normalization Form C.
#include "text/unicode.h"

#include "text/nfc.h"

#include <gtest/gtest.h>

#include <string>

namespace zimage::text {
namespace {

TEST(Unicode, classes_of_characters) {
  for (const char32_t c : {U'a', U'Z', U'é', U'ß', U'Ж', U'字', U'\u02bc', U'\uac00', U'\U0001E900'}) {
    EXPECT_EQ(classify(c), CharClass::letter) << static_cast<std::uint32_t>(c);
  }
  for (const char32_t c : {U'0', U'9', U'²', U'½', U'Ⅷ', U'٣', U'\U0001D7FF'})
    EXPECT_EQ(classify(c), CharClass::number);
  for (const char32_t c : {U'\r', U'\n'}) EXPECT_EQ(classify(c), CharClass::newline);
  for (const char32_t c : {U' ', U'\t', U'\v', U'\f', U'\u0085', U'\u00a0', U'\u2009', U'\u2028', U'\u3000'}) {
    EXPECT_EQ(classify(c), CharClass::space) << static_cast<std::uint32_t>(c);
  }
  for (const char32_t c :
       {U'!', U'_', U'\0', U'\u001c', U'\u0301', U'\u200b', U'\ufeff', U'\U0001F600', U'\U0010FFFF'}) {
    EXPECT_EQ(classify(c), CharClass::other) << static_cast<std::uint32_t>(c);
  }
}

// Unicode 16.0 has these letters, 15.0 has not.
TEST(Unicode, tables_are_those_of_unicode_16) {
  EXPECT_EQ(classify(U'\ua7cb'), CharClass::letter);
  EXPECT_EQ(classify(U'\U00013460'), CharClass::letter);
  EXPECT_EQ(classify(U'\U000105c0'), CharClass::letter);
}

TEST(Unicode, utf8_of_every_length) {
  std::string text;
  for (const char32_t c : {U'\u007f', U'\u0080', U'\u07ff', U'\u0800', U'\uffff', U'\U00010000', U'\U0010ffff'}) {
    append_utf8(text, c);
  }
  EXPECT_EQ(text, "\x7f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff");
  EXPECT_FALSE(first_invalid_byte(text).has_value());
  EXPECT_EQ(first_invalid_byte(text + "\xF0\x9F"), text.size());
}

TEST(Nfc, composes) {
  EXPECT_EQ(to_nfc("e\u0301"), "\u00e9");
  EXPECT_EQ(to_nfc("A\u030a"), "\u00c5");
  EXPECT_EQ(to_nfc("\u212b"), "\u00c5");         // a singleton
  EXPECT_EQ(to_nfc("\uf900"), "\u8c48");         // compatibility ideograph
  EXPECT_EQ(to_nfc("o\u0302\u0323"), "\u1ed9");  // sorted, then composed twice
  EXPECT_EQ(to_nfc("\u01b5\u0327\u0308"), "\u01b5\u0327\u0308");
}

TEST(Nfc, keeps_what_must_not_compose) {
  EXPECT_EQ(to_nfc("\u0958"), "\u0915\u093c");          // excluded from composition
  EXPECT_EQ(to_nfc("\u0344"), "\u0308\u0301");          // starts with a mark
  EXPECT_EQ(to_nfc("a\u0305\u0301"), "a\u0305\u0301");  // blocked by a mark of the same class
  EXPECT_EQ(to_nfc("a\u0327\u0301"), "\u00e1\u0327");   // not blocked by one of a lower class
  EXPECT_EQ(to_nfc("\u0301e"), "\u0301e");
  EXPECT_EQ(to_nfc("plain"), "plain");
  EXPECT_EQ(to_nfc(""), "");
}

TEST(Nfc, hangul) {
  EXPECT_EQ(to_nfc("\u1112\u1161\u11ab"), "\ud55c");
  EXPECT_EQ(to_nfc("\uac00\u11a8"), "\uac01");
  EXPECT_EQ(to_nfc("\uac00\u11a7"), "\uac00\u11a7");  // no trailing consonant
  EXPECT_EQ(to_nfc("\uac01\u11a8"), "\uac01\u11a8");  // the syllable has one already
  EXPECT_EQ(to_nfc("\ud7a3"), "\ud7a3");
}

// Marks of Unicode 14 keep their place, as in the library whose ids these must be.
TEST(Nfc, follows_unicode_9) {
  EXPECT_EQ(to_nfc("a\u08d3\u0301"), "a\u08d3\u0301");
  EXPECT_EQ(to_nfc("\U00011935\U00011930"), "\U00011935\U00011930");
}

TEST(Nfc, long_runs_of_marks) {
  std::string text = "a", sorted = "\u00e1";
  for (int i = 0; i < 50'000; ++i) text += "\u0301\u0323";
  const std::string normalized = to_nfc(text);
  EXPECT_TRUE(normalized.starts_with("\u1ea1\u0323")) << normalized.substr(0, 8);
  EXPECT_TRUE(normalized.ends_with("\u0301\u0301"));
}

}  // namespace
}  // namespace zimage::text
