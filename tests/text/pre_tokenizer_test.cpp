// Where the pattern cuts.
#include "text/pre_tokenizer.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::text {
namespace {

using Pieces = std::vector<std::string>;

Pieces split(std::string_view text) {
  Pieces pieces;
  while (!text.empty()) {
    const std::size_t bytes = pre_token_bytes(text);
    if (bytes == 0 || bytes > text.size()) throw std::runtime_error("no match");
    pieces.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return pieces;
}

TEST(PreTokenizer, words_take_one_character_before_them) {
  EXPECT_EQ(split("a red circle"), (Pieces{"a", " red", " circle"}));
  EXPECT_EQ(split("(round)\tx"), (Pieces{"(round", ")", "\tx"}));
  EXPECT_EQ(split("\u3000字"), (Pieces{"\u3000字"}));
  EXPECT_EQ(split("e\u0301x"), (Pieces{"e", "\u0301x"}));
  EXPECT_EQ(split("\nx"), (Pieces{"\n", "x"}));
}

TEST(PreTokenizer, digits_stand_alone) { EXPECT_EQ(split("x12 ½"), (Pieces{"x", "1", "2", " ", "½"})); }

TEST(PreTokenizer, contractions) {
  EXPECT_EQ(split("it's they'RE x'y"), (Pieces{"it", "'s", " they", "'RE", " x", "'y"}));
  EXPECT_EQ(split("'sand'LLx'"), (Pieces{"'s", "and", "'LL", "x", "'"}));
  EXPECT_EQ(split("'\u017fx"), (Pieces{"'\u017f", "x"}));
  EXPECT_EQ(split("'r"), (Pieces{"'r"}));
}

TEST(PreTokenizer, others_take_a_space_before_and_line_breaks_behind) {
  EXPECT_EQ(split("a !?\r\n\nb"), (Pieces{"a", " !?\r\n\n", "b"}));
  EXPECT_EQ(split("\t!"), (Pieces{"\t", "!"}));
  EXPECT_EQ(split(" 👍🏽"), (Pieces{" 👍🏽"}));
}

TEST(PreTokenizer, white_space) {
  EXPECT_EQ(split("a   b"), (Pieces{"a", "  ", " b"}));
  EXPECT_EQ(split("a   "), (Pieces{"a", "   "}));
  EXPECT_EQ(split("a   1"), (Pieces{"a", "  ", " ", "1"}));
  EXPECT_EQ(split("a \n\n  b"), (Pieces{"a", " \n\n", " ", " b"}));
  EXPECT_EQ(split(" \u2028\r \t"), (Pieces{" \u2028\r", " \t"}));
}

TEST(PreTokenizer, empty_text_has_no_match) { EXPECT_EQ(pre_token_bytes(""), 0U); }

TEST(PreTokenizer, time_is_linear) {
  std::string breaks;
  for (int i = 0; i < 200'000; ++i) breaks += " \n x";
  for (const std::string& text : {breaks, std::string(1'000'000, ' '), std::string(1'000'000, 'x') + "1"}) {
    const std::clock_t start = std::clock();
    split(text);
    EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC);
  }
}

}  // namespace
}  // namespace zimage::text
