// Everything that a tokenizer folder defines.
#pragma once

#include "text/bpe.h"
#include "text/vocabulary.h"

#include <filesystem>

namespace zimage::text {

enum class Normalization { none, nfc };

struct TokenizerDefinition {
  Vocabulary vocabulary;
  Bpe bpe;
  Normalization normalization = Normalization::nfc;
};

// The vocabulary is that of vocab.json and merges.txt, or of tokenizer.json where one of them is missing; the added
// tokens are those of tokenizer.json and tokenizer_config.json together.
// Throws Error(model) for anything that would be tokenized otherwise than Qwen2's vocabulary is, Error(io).
TokenizerDefinition read_definition(const std::filesystem::path& dir);

}  // namespace zimage::text
