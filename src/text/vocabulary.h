// A byte-level vocabulary and what byte-pair encoding makes of it.
#pragma once

#include "text/merge_list.h"

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
  std::vector<std::string> tokens;      // by id, without holes; those of `added` as they are
  std::vector<std::int32_t> piece_ids;  // the ids of the 256 bytes, then of what each merge makes
  std::vector<AddedToken> added;
};

// Throws Error(model) where tokens, merges and added tokens do not fit together. The merges are left as they are.
Vocabulary make_vocabulary(VocabularyFiles& files);

}  // namespace zimage::text
