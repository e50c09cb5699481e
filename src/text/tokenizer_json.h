// Reading a tokenizer.json (Hugging Face `tokenizers`): its settings as values, its vocabulary and merges as lists.
#pragma once

#include "io/json.h"
#include "text/merge_list.h"

#include <filesystem>
#include <string>
#include <vector>

namespace zimage::text {

enum class VocabularyPart { read, skip };

struct TokenizerJson {
  io::Json::Object settings;        // the members of the root but "model"
  io::Json::Object model_settings;  // the members of "model" but "vocab" and "merges"
  std::vector<std::string> tokens;  // by id; empty: no token has this id
  MergeList merges;
};

// Throws Error(model), Error(io). With VocabularyPart::skip the file is read only as far as it takes to have all
// settings that the tokenizer depends on, since the vocabulary is most of it and other files have it too; tokens and
// merges are then empty.
TokenizerJson read_tokenizer_json(const std::filesystem::path& path, VocabularyPart part);

}  // namespace zimage::text
