// The catalogue's group T: tokenizer folders that must be refused, in both layouts, and some that must load.
#include "support/expect_error.h"
#include "text/tokenizer.h"
#include "text/tokenizer_folder.h"
#include "text/vocabulary.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace zimage {
namespace {

using test::expect_error;
using test::TempDir;
using test::TokenizerFolder;
using Ids = std::vector<std::int32_t>;

void expect_refused(const TempDir& dir, const std::vector<std::string>& words) {
  expect_error(ErrorKind::model, words, [&] { Tokenizer tokenizer(dir.path()); });
}

void expect_json_refused(const TokenizerFolder& folder, std::vector<std::string> words) {
  const TempDir dir;
  folder.write_json(dir);
  words.push_back("tokenizer.json");
  expect_refused(dir, words);
}

void expect_lists_refused(const TokenizerFolder& folder, std::vector<std::string> words, const std::string& file) {
  const TempDir dir;
  folder.write_lists(dir);
  words.push_back(file);
  expect_refused(dir, words);
}

void expect_both_refused(const TokenizerFolder& folder, const std::vector<std::string>& words,
                         const std::string& file) {
  expect_json_refused(folder, words);
  expect_lists_refused(folder, words, file);
}

TEST(TokenizerFiles, both_layouts_give_the_same_ids) {
  const TempDir json, lists;
  TokenizerFolder().write_json(json);
  TokenizerFolder().write_lists(lists);
  const Ids expected{257, 'A', 259};
  EXPECT_EQ(Tokenizer(json.path()).encode("theAred"), expected);
  EXPECT_EQ(Tokenizer(lists.path()).encode("theAred"), expected);
  EXPECT_EQ(Tokenizer(json.path()).encode("the<|im_end|>red"), (Ids{257, 262, 259}));
}

TEST(TokenizerFiles, lists_are_preferred_and_settings_still_read) {
  const TempDir dir;
  TokenizerFolder folder;
  folder.write_lists(dir);
  folder.write_json(dir);
  EXPECT_EQ(Tokenizer(dir.path()).encode("the"), Ids{257});
  folder.normalizer = R"({"type":"NFKC"})";
  folder.write_json(dir);
  expect_refused(dir, {"tokenizer.json", "normalizer"});
}

// Loading looks ahead for the merges, so something that only looks like them must change nothing.
TEST(TokenizerFiles, other_merges_behind_the_model_are_not_taken) {
  const TokenizerFolder folder;
  std::string json = folder.tokenizer_json();
  json.insert(json.size() - 1, R"(,"extra":{"merges":[["A","r"],["Ar","e"],["t","h"],["r","e"]]})");
  const TempDir dir;
  dir.write("tokenizer.json", json);
  EXPECT_EQ(Tokenizer(dir.path()).encode("theAred"), (Ids{257, 'A', 259}));
}

TEST(TokenizerFiles, escapes_in_merges_are_read) {
  TokenizerFolder folder;
  folder.add("\"\\");
  folder.merges.push_back("\" \\");
  std::string json = folder.tokenizer_json();
  const std::string plain = R"("th e")", escaped = R"("\u0074h e")";
  const std::size_t at = json.rfind(plain);
  ASSERT_NE(at, std::string::npos);
  const TempDir dir;
  dir.write("tokenizer.json", json);
  const Ids expected{257, 263};
  EXPECT_EQ(Tokenizer(dir.path()).encode("the\"\\"), expected);
  dir.write("tokenizer.json", json.replace(at, plain.size(), escaped));
  EXPECT_EQ(Tokenizer(dir.path()).encode("the\"\\"), expected);
}

TEST(TokenizerFiles, T1_more_merges_than_tokens) {
  TokenizerFolder folder;
  folder.merges.assign(300, "t h");
  expect_both_refused(folder, {"300 merges", "more than"}, "merges.txt");
}

TEST(TokenizerFiles, T2_merge_token_missing) {
  TokenizerFolder folder;
  folder.merges[1] = "th x";
  expect_both_refused(folder, {"merge 1", "\"thx\""}, "merges.txt");
  folder.merges[1] = "thr ee";
  expect_both_refused(folder, {"merge 1", "\"thr\""}, "merges.txt");
}

TEST(TokenizerFiles, T3_merge_of_one_or_three_parts) {
  for (const std::string merge : {"the", "t h e", " the", "the ", "", "t  h"}) {
    TokenizerFolder folder;
    folder.merges[1] = merge;
    expect_json_refused(folder, {"merges", "merge 1", "two tokens"});
    expect_lists_refused(folder, {"line 3", "two tokens"}, "merges.txt");
  }
}

TEST(TokenizerFiles, T3_merge_lists_of_one_or_three_parts) {
  for (const std::string merge :
       {R"(["the"])", R"(["t","h","e"])", R"(["","the"])", "[]", R"([["t"],"h"])", "7", "null"}) {
    const TempDir dir;
    std::string json = TokenizerFolder().tokenizer_json();
    const std::size_t at = json.find(R"("th e")");
    dir.write("tokenizer.json", json.replace(at, 6, merge));
    expect_refused(dir, {"tokenizer.json: model.merges", "merge 1", "two tokens"});
  }
}

TEST(TokenizerFiles, T4_ids) {
  for (const char* id :
       {"-1", "2147483648", "18446744073709551615", "524288", "1.0", "\"257\"", "null", "true", "[]"}) {
    TokenizerFolder folder;
    folder.id_of("the") = id;
    expect_both_refused(folder, {"\"the\"", "id"}, "vocab.json");
  }
}

TEST(TokenizerFiles, T4_duplicate_id_and_duplicate_token) {
  TokenizerFolder folder;
  folder.id_of("the") = "256";
  expect_both_refused(folder, {"256", "\"th\"", "\"the\""}, "vocab.json");
  TokenizerFolder twice;
  twice.vocabulary.emplace_back("the", "263");
  expect_both_refused(twice, {"\"the\"", "two ids"}, "vocab.json");
}

TEST(TokenizerFiles, T4_id_left_out) {
  TokenizerFolder folder;
  folder.vocabulary.emplace_back("later", "264");
  expect_both_refused(folder, {"no token", "263"}, "vocab.json");
}

TEST(TokenizerFiles, T5_size_is_the_highest_id_plus_one) {
  const TempDir dir;
  TokenizerFolder folder;
  folder.add_special("<more>", 263);
  folder.write_json(dir);
  EXPECT_EQ(Tokenizer(dir.path()).size(), 264);
}

TEST(TokenizerFiles, T6_missing_byte_token) {
  TokenizerFolder folder;
  for (auto& [token, id] : folder.vocabulary) {
    if (token == text::byte_name(0xFF)) token = "other";
  }
  expect_both_refused(folder, {"byte 255"}, "vocab.json");
}

TEST(TokenizerFiles, T7_empty_tokens) {
  TokenizerFolder folder;
  folder.add_special("", 263);
  expect_both_refused(folder, {"added token", "empty"}, "tokenizer_config.json");
  TokenizerFolder empty;
  empty.vocabulary.emplace_back("", "263");
  expect_both_refused(empty, {"empty token"}, "vocab.json");
}

TEST(TokenizerFiles, T8_two_million_tokens) {
  const TempDir dir;
  std::string vocab = "{\"a\":0";
  for (int id = 1; id < 2'000'000; ++id) vocab += ",\"t" + std::to_string(id) + "\":" + std::to_string(id);
  TokenizerFolder().write_lists(dir);
  dir.write("vocab.json", vocab + "}");
  expect_refused(dir, {"vocab.json"});
  std::string merges;
  for (int i = 0; i < 2'000'000; ++i) merges += "t h\n";
  TokenizerFolder().write_lists(dir);
  dir.write("merges.txt", merges);
  expect_refused(dir, {"merges.txt", "more merges"});
}

TEST(TokenizerFiles, T9_nesting) {
  const std::string deep(100'000, '[');
  for (const char* name : {"vocab.json", "tokenizer.json", "tokenizer_config.json"}) {
    const TempDir dir;
    TokenizerFolder().write_lists(dir);
    dir.write(name, R"({"a":)" + deep);
    expect_refused(dir, {name});
  }
  for (const std::string nested : {R"({"a":{"b":1}})", R"({"a":[1]})", "[]", "7"}) {
    const TempDir dir;
    TokenizerFolder().write_lists(dir);
    dir.write("vocab.json", nested);
    expect_refused(dir, {"vocab.json", "instead of"});
  }
}

TEST(TokenizerFiles, T10_invalid_utf8_and_lone_surrogates) {
  for (const std::string bad : {"\xC3", "\xED\xA0\x80", "\xC0\xAF", "\\ud800", "\\udc00x"}) {
    const TempDir dir;
    const TokenizerFolder folder;
    folder.write_lists(dir);
    std::string vocab = folder.vocab_json();
    vocab.insert(vocab.find("\"the\"") + 1, bad);
    dir.write("vocab.json", vocab);
    expect_refused(dir, {"vocab.json"});
  }
  const TempDir dir;
  TokenizerFolder folder;
  folder.merges[1] = "th \xFF";
  folder.write_lists(dir);
  expect_refused(dir, {"merges.txt", "merge 1", "\\xff"});
}

TEST(TokenizerFiles, T11_unknown_pre_tokenizer) {
  std::vector<std::string> others{"null", R"({"type":"Whitespace"})", R"({"type":"Sequence","pretokenizers":[]})"};
  const std::string known = TokenizerFolder().pre_tokenizer;
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = known;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    others.push_back(text.replace(at, from.size(), to));
  };
  changed("N}|", "N}{1,3}|");
  changed("Isolated", "Removed");
  changed(R"("invert":false)", R"("invert":true)");
  changed(R"("add_prefix_space":false)", R"("add_prefix_space":true)");
  changed(R"("use_regex":false)", R"("use_regex":true)");
  for (const std::string& other : others) {
    TokenizerFolder folder;
    folder.pre_tokenizer = other;
    expect_json_refused(folder, {"pre_tokenizer", "Qwen2"});
  }
}

TEST(TokenizerFiles, T11_other_settings) {
  TokenizerFolder folder;
  folder.normalizer = R"({"type":"Lowercase"})";
  expect_json_refused(folder, {"normalizer", "NFC"});
  folder = {};
  folder.post_processor = R"({"type":"TemplateProcessing","single":[]})";
  expect_json_refused(folder, {"post_processor"});
  for (const char* setting : {R"("type":"WordPiece")", R"("ignore_merges":true)", R"("end_of_word_suffix":"</w>")",
                              R"("continuing_subword_prefix":"##")", R"("dropout":0.5)"}) {
    folder = {};
    folder.model_settings = setting;
    expect_json_refused(folder, {"model."});
  }
  for (const char* flag :
       {R"(,"lstrip":true)", R"(,"rstrip":true)", R"(,"single_word":true)", R"(,"normalized":true)"}) {
    folder = {};
    folder.added.push_back(R"({"id":263,"content":"<x>")" + std::string(flag) + "}");
    expect_both_refused(folder, {"only false"}, "tokenizer_config.json");
  }
}

TEST(TokenizerFiles, T12_missing_template_tokens) {
  for (const std::string token : {"<|im_start|>", "<|im_end|>"}) {
    const TempDir dir;
    std::string json = TokenizerFolder().tokenizer_json();
    json.replace(json.find(token), token.size(), "<|im_other|>");
    dir.write("tokenizer.json", json);
    expect_refused(dir, {token});
  }
}

TEST(TokenizerFiles, added_tokens_that_contradict) {
  TokenizerFolder taken;
  taken.add_special("<new>", 257);
  expect_both_refused(taken, {"<new>", "257", "\"the\""}, "tokenizer_config.json");
  TokenizerFolder elsewhere;
  elsewhere.add_special("the", 263);
  expect_both_refused(elsewhere, {"\"the\"", "257"}, "tokenizer_config.json");
  TokenizerFolder twice;
  twice.add_special("<|im_end|>", 263);
  expect_both_refused(twice, {"<|im_end|>", "two ids"}, "tokenizer_config.json");
  TokenizerFolder far;
  far.add_special("<far>", 1'000'000);
  expect_both_refused(far, {"1000000"}, "tokenizer_config.json");
}

TEST(TokenizerFiles, merge_that_makes_a_token_again) {
  TokenizerFolder folder;
  folder.merges.push_back("t he");
  folder.add("he");
  folder.merges.insert(folder.merges.begin(), "h e");
  folder.vocabulary.back().second = "263";
  expect_both_refused(folder, {"\"the\"", "again"}, "merges.txt");
}

TEST(TokenizerFiles, duplicate_members) {
  const TempDir dir;
  const std::string json = TokenizerFolder().tokenizer_json();
  for (const std::string member : {R"("normalizer":null,)", R"("model":{},)", R"("added_tokens":[],)"}) {
    std::string twice = json;
    dir.write("tokenizer.json", twice.insert(1, member));
    expect_refused(dir, {"tokenizer.json", "duplicate key"});
  }
}

TEST(TokenizerFiles, settings_behind_the_vocabulary_are_found) {
  const TempDir dir;
  TokenizerFolder folder;
  folder.write_lists(dir);
  folder.normalizer = R"({"type":"NFD"})";
  const std::string json = folder.tokenizer_json();
  const std::size_t model = json.find(R"(,"model":)"), settings = json.find(R"("version")");
  const std::string turned =
      "{" + json.substr(model + 1, json.size() - model - 2) + "," + json.substr(settings, model - settings) + "}";
  dir.write("tokenizer.json", turned);
  expect_refused(dir, {"tokenizer.json", "normalizer"});
}

TEST(TokenizerFiles, no_normalizer_keeps_the_text) {
  const TempDir dir;
  TokenizerFolder folder;
  folder.normalizer = "null";
  folder.write_json(dir);
  EXPECT_EQ(Tokenizer(dir.path()).encode("e\u0301").size(), 3U);
  TokenizerFolder().write_json(dir);
  EXPECT_EQ(Tokenizer(dir.path()).encode("e\u0301").size(), 2U);
}

TEST(TokenizerFiles, special_tokens_may_come_first_in_the_vocabulary) {
  const TempDir dir;
  TokenizerFolder folder;
  folder.vocabulary.insert(folder.vocabulary.begin(), {{"<|im_start|>", "0"}, {"<|im_end|>", "1"}});
  for (std::size_t i = 2; i < folder.vocabulary.size(); ++i) folder.vocabulary[i].second = std::to_string(i);
  folder.added.clear();
  folder.add_special("<|im_start|>", 0);
  folder.add_special("<|im_end|>", 1);
  folder.write_json(dir);
  EXPECT_EQ(Tokenizer(dir.path()).encode("<|im_end|>the"), (Ids{1, 259}));
}

TEST(TokenizerFiles, missing_files) {
  const TempDir dir;
  expect_refused(dir, {"vocab.json", "tokenizer.json"});
  dir.write("vocab.json", "{}");
  expect_refused(dir, {"vocab.json", "tokenizer.json"});
}

TEST(TokenizerFiles, X6_symlink_out_of_the_folder) {
  const TempDir dir, other;
  TokenizerFolder().write_lists(dir);
  TokenizerFolder().write_json(other);
  std::filesystem::create_symlink(other / "tokenizer.json", dir / "tokenizer.json");
  expect_refused(dir, {"tokenizer.json", "symlink"});
}

TEST(TokenizerFiles, X9_not_a_regular_file) {
  const TempDir dir;
  TokenizerFolder().write_lists(dir);
  std::filesystem::create_directory(dir / "tokenizer.json");
  expect_refused(dir, {"tokenizer.json", "regular"});
}

}  // namespace
}  // namespace zimage
