// A SentencePiece model file (sentencepiece_model.proto, protobuf's wire format) written in memory.
#pragma once

#include "base/huge_pages.h"
#include "text/merge_list.h"

namespace zimage::text {

// A model of type BPE that takes byte names as they come: no normalization, no prefix, no change of white space. It
// joins the neighbours that make the piece with the highest score, which is minus the rank of the piece's merge: the
// same result as joining the pair with the lowest rank, as each piece is made by one pair. The model's ids are the 256
// bytes, then the merges.
HugeVector<char> make_sentencepiece_model(const MergeList& merges);

}  // namespace zimage::text
