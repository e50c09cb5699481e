// The ids of Hugging Face `tokenizers`, over a small vocabulary (scripts/make_tokenizer_fixtures.py).
#include "io/file.h"
#include "io/json.h"
#include "support/temp_dir.h"
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace zimage {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(ZIMAGE_TEST_DATA) / "tokenizer";

std::vector<io::Json> read_lines(const char* name) {
  const std::string text = io::read_whole(kFolder / name, 1 << 20);
  std::vector<io::Json> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(io::parse_json(std::string_view(text).substr(begin, end - begin), name));
    begin = end + 1;
  }
  return lines;
}

std::vector<std::int32_t> ids_of(const io::Json& line) {
  std::vector<std::int32_t> ids;
  for (const io::Json& id : *line.find("ids")->as<io::Json::Array>()) {
    ids.push_back(static_cast<std::int32_t>(*id.as<std::int64_t>()));
  }
  return ids;
}

void expect_equal_texts(const Tokenizer& tokenizer) {
  const std::vector<io::Json> lines = read_lines("texts.jsonl");
  ASSERT_GT(lines.size(), 300U);
  for (const io::Json& line : lines) {
    EXPECT_EQ(tokenizer.encode(*line.find("text")->as<std::string>()), ids_of(line)) << io::to_string(line);
  }
}

TEST(TokenizerGolden, texts) { expect_equal_texts(Tokenizer(kFolder)); }

// Without vocab.json and merges.txt.
TEST(TokenizerGolden, texts_from_tokenizer_json_alone) {
  const test::TempDir dir;
  std::filesystem::copy_file(kFolder / "tokenizer.json", dir / "tokenizer.json");
  expect_equal_texts(Tokenizer(dir.path()));
}

// Without tokenizer.json.
TEST(TokenizerGolden, texts_from_lists_alone) {
  const test::TempDir dir;
  for (const char* name : {"vocab.json", "merges.txt", "tokenizer_config.json"}) {
    std::filesystem::copy_file(kFolder / name, dir / name);
  }
  expect_equal_texts(Tokenizer(dir.path()));
}

TEST(TokenizerGolden, prompts) {
  const Tokenizer tokenizer(kFolder);
  const std::vector<io::Json> lines = read_lines("prompts.jsonl");
  ASSERT_GT(lines.size(), 20U);
  for (const io::Json& line : lines) {
    const PromptTokens tokens = tokenizer.encode_prompt(*line.find("prompt")->as<std::string>());
    EXPECT_EQ(tokens.ids, ids_of(line)) << io::to_string(line);
    EXPECT_EQ(tokens.truncated, *line.find("truncated")->as<bool>()) << io::to_string(line);
  }
}

TEST(TokenizerGolden, size_counts_added_tokens) { EXPECT_EQ(Tokenizer(kFolder).size(), 509); }

}  // namespace
}  // namespace zimage
