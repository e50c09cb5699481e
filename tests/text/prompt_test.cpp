// The catalogue's group P as far as it reaches the tokenizer, and what a prompt is said to have lost.
#include "support/expect_error.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace zimage {
namespace {

using Ids = std::vector<std::int32_t>;
constexpr std::size_t kMax = Tokenizer::kMaxTokens;

class Prompt : public testing::Test {
 protected:
  PromptTokens encode(const std::string& prompt, SpecialTokens special = SpecialTokens::parse) const {
    const std::clock_t start = std::clock();  // of the processor: other programs must not make the test fail
    PromptTokens tokens = tokenizer_.encode_prompt(prompt, special);
    EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC) << "not linear in the prompt";
    EXPECT_EQ(tokens.ids.size(), tokens.pieces.size());
    EXPECT_LE(tokens.ids.size(), kMax);
    EXPECT_FALSE(text::first_invalid_byte(tokens.dropped).has_value());
    for (const std::string& piece : tokens.pieces) EXPECT_FALSE(text::first_invalid_byte(piece).has_value());
    return tokens;
  }
  std::int32_t id(const std::string& token) const { return tokenizer_.encode(token).at(0); }
  static std::string joined(const PromptTokens& tokens) {
    std::string text;
    for (const std::string& piece : tokens.pieces) text += piece;
    return text;
  }

  const Tokenizer tokenizer_{std::filesystem::path(ZIMAGE_TEST_DATA) / "tokenizer"};
  const std::size_t template_start_ = tokenizer_.encode("<|im_start|>user\n").size();
};

TEST_F(Prompt, P1_P2_empty_and_white_space_are_kept) {
  for (const std::string prompt : {"", " ", "\n", " \t\r\n "}) {
    EXPECT_EQ(joined(encode(prompt)), "<|im_start|>user\n" + prompt + "<|im_end|>\n<|im_start|>assistant\n");
  }
}

TEST_F(Prompt, P3_bytes_that_are_no_utf8) {
  for (const std::string bad :
       {"\xC0\xAF", "\xE0\x80\xAF", "\xE4\xB8", "\xFF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80"}) {
    test::expect_error(ErrorKind::usage, {"prompt", "byte 2", "UTF-8"}, [&] { tokenizer_.encode_prompt("ab" + bad); });
    test::expect_error(ErrorKind::usage, {"prompt", "byte 2", "UTF-8"}, [&] { tokenizer_.encode("ab" + bad); });
  }
}

TEST_F(Prompt, P4_nul) {
  test::expect_error(ErrorKind::usage, {"prompt", "byte 1", "NUL"},
                     [&] { tokenizer_.encode_prompt(std::string("a\0b", 3)); });
}

TEST_F(Prompt, P5_P6_P11_controls_are_kept) {
  for (const std::string prompt : {"a\r\nb", "\ufeffa", "\x1b[31mred", "a\u202eb"}) {
    const std::string chat = "<|im_start|>user\n" + prompt + "<|im_end|>\n<|im_start|>assistant\n";
    EXPECT_EQ(encode(prompt).ids, tokenizer_.encode(chat));
  }
}

TEST_F(Prompt, P7_one_megabyte) {
  std::string words, han, marks = "a";
  while (words.size() < 1'000'000) words += "red circle, ";
  while (han.size() < 1'000'000) han += "红色圆形";
  while (marks.size() < 1'000'000) marks += "\u0323\u0301";
  for (const std::string& prompt : {words, han, marks, std::string(1'000'000, ' '), std::string(1'000'000, '<')}) {
    const PromptTokens tokens = encode(prompt);
    EXPECT_EQ(tokens.ids.size(), kMax);
    EXPECT_TRUE(tokens.truncated);
    EXPECT_GT(tokens.dropped.size(), 900'000U);
  }
}

TEST_F(Prompt, P8_fifty_thousand_letters) {
  const PromptTokens tokens = encode(std::string(50'000, 'A'));
  EXPECT_EQ(tokens.ids.size(), kMax);
  EXPECT_EQ(tokens.dropped.find_first_not_of('A'), std::string::npos);
  const std::string kept = joined(tokens).substr(std::string("<|im_start|>user\n").size());
  EXPECT_EQ(kept.size() + tokens.dropped.size(), 50'000U);
}

TEST_F(Prompt, P9_special_tokens_parsed_or_literal) {
  const PromptTokens parsed = encode("a<|im_end|>b<think>");
  EXPECT_TRUE(parsed.has_special_tokens);
  EXPECT_EQ(std::count(parsed.ids.begin(), parsed.ids.end(), id("<|im_end|>")), 2);
  const PromptTokens literal = encode("a<|im_end|>b<think>", SpecialTokens::literal);
  EXPECT_FALSE(literal.has_special_tokens);
  EXPECT_EQ(std::count(literal.ids.begin(), literal.ids.end(), id("<|im_end|>")), 1);
  EXPECT_EQ(joined(literal), joined(parsed));
  EXPECT_FALSE(encode("a red circle").has_special_tokens);
}

TEST_F(Prompt, literal_and_parsed_agree_without_special_tokens) {
  for (const std::string prompt : {"", "\n\nred", "a red circle", "白色背景 e\u0301"}) {
    EXPECT_EQ(encode(prompt).ids, encode(prompt, SpecialTokens::literal).ids) << prompt;
  }
}

// A digit is a token whatever stands beside it.
TEST_F(Prompt, P10_says_what_was_cut) {
  const PromptTokens tokens = encode(std::string(550, '7') + "é tail");
  EXPECT_TRUE(tokens.truncated);
  EXPECT_EQ(tokens.dropped, std::string(550 - (kMax - template_start_), '7') + "é tail");
}

TEST_F(Prompt, P10_cut_of_the_template_alone_drops_no_text) {
  const PromptTokens full = encode(std::string(kMax - template_start_, '7'));
  EXPECT_TRUE(full.truncated);
  EXPECT_EQ(full.dropped, "");
  const PromptTokens one_more = encode(std::string(kMax - template_start_, '7') + "8");
  EXPECT_EQ(one_more.dropped, "8");
}

TEST_F(Prompt, P10_cut_inside_a_character_drops_the_whole_character) {
  const std::string rare = "\U0010FFFD";  // four tokens in this vocabulary
  ASSERT_EQ(tokenizer_.encode("7" + rare).size(), 5U);
  const PromptTokens tokens = encode(std::string(kMax - template_start_ - 2, '7') + rare + "z");
  EXPECT_EQ(tokens.dropped, rare + "z");
  EXPECT_EQ(tokens.pieces.back().substr(0, 2), "\\x");
}

TEST_F(Prompt, P10_special_tokens_behind_the_cut) {
  const PromptTokens tokens = encode(std::string(600, '7') + "<|im_end|>e\u0301");
  EXPECT_TRUE(tokens.has_special_tokens);
  EXPECT_TRUE(tokens.dropped.ends_with("7<|im_end|>e\u0301")) << tokens.dropped;
}

TEST_F(Prompt, P15_composed_and_decomposed_are_the_same) {
  EXPECT_EQ(encode("e\u0301te\u0301 \u1112\u1161\u11ab").ids, encode("\u00e9t\u00e9 \ud55c").ids);
}

TEST_F(Prompt, added_tokens_are_cut_out_before_normalization) {
  // U+0338 would compose with the '>' before it.
  const Ids ids = tokenizer_.encode("<|im_end|>\u0338");
  EXPECT_EQ(ids.front(), id("<|im_end|>"));
}

TEST_F(Prompt, pieces_show_bytes_that_are_no_characters) {
  const PromptTokens tokens = encode("\U0001F9FF");
  EXPECT_EQ(joined(tokens), "<|im_start|>user\n\\xf0\\x9f\\xa7\\xbf<|im_end|>\n<|im_start|>assistant\n");
}

}  // namespace
}  // namespace zimage
