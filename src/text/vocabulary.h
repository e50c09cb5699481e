// A byte-level vocabulary and what byte-pair encoding makes of it.
#pragma once

#include "text/merge_list.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace zimage::text {

// More entries than any vocabulary in use has; a file with more is refused before it fills the memory.
inline constexpr int kMaxVocabulary = 1 << 19;

// A token that is cut out of a text before anything else is done to it.
struct AddedToken {
  std::string content;
  std::int32_t id = 0;
};

// What the files say.
struct VocabularyFiles {
  std::vector<std::string> tokens;  // by id, in the names of byte_alphabet.h; empty: the files give this id to none
  MergeList merges;
  std::vector<AddedToken> added;
  std::string tokens_source, merges_source, added_source;  // for messages
};

// The same, with every rule checked.
struct Vocabulary {
  std::vector<std::string> tokens;           // by id, without holes; those of `added` as they are
  std::array<std::int32_t, 256> byte_ids{};  // the token of each byte
  std::vector<std::int32_t> merged_ids;      // the tokens that merges make, lowest rank first
  std::vector<AddedToken> added;
};

// Throws Error(model) where tokens, merges and added tokens do not fit together.
Vocabulary make_vocabulary(VocabularyFiles files);

}  // namespace zimage::text
