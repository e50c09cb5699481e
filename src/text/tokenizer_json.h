// Reading a tokenizer.json (Hugging Face `tokenizers`): its settings as values, its vocabulary and merges as lists.
#pragma once

#include "io/json.h"
#include "text/merge_list.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::text {

inline constexpr std::uint64_t kMaxTokenizerJsonBytes = 64 << 20;

struct TokenizerJson {
  io::Json::Object settings;        // the members of the root but "model"
  io::Json::Object model_settings;  // the members of "model" but "vocab" and "merges"
  std::vector<std::string> tokens;  // by id; empty: no token has this id
  MergeList merges;
};

// Throws Error(model) naming the source.
TokenizerJson read_tokenizer_json(std::string_view text, const std::string& source);

// Settings alone; tokens and merges are empty. The file is read only as far as it takes to have all settings that the
// tokenizer depends on, since the vocabulary is most of it and other files have it too. Throws Error(model), Error(io).
TokenizerJson read_tokenizer_settings(const std::filesystem::path& path);

// The merges where they end the file, as they usually do: all pairs of strings behind "merges": [. Several times
// as fast as reading JSON, and wrong for other layouts and most escapes: what they really are only read_tokenizer_json
// says.
MergeList guess_json_merges(std::string_view text);

}  // namespace zimage::text
