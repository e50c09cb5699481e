// A SentencePiece model file (sentencepiece_model.proto, protobuf's wire format) written in memory.
#pragma once

#include "text/vocabulary.h"

#include <cstdint>
#include <string>
#include <vector>

namespace zimage::text {

struct SentencePieceModel {
  std::string serialized;
  std::vector<std::int32_t> token_ids;  // by the model's own ids; -1 for its unknown piece
};

// A model of type BPE that takes byte names as they come: no normalization, no prefix, no change of white space. It
// joins the neighbours that make the piece with the highest score, which is minus the rank of the piece's merge: the
// same result as joining the pair with the lowest rank, as each piece is made by one pair.
SentencePieceModel make_sentencepiece_model(const Vocabulary& vocabulary);

}  // namespace zimage::text
