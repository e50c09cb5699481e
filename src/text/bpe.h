// Byte-pair encoding of one pre-token, by SentencePiece.
#pragma once

#include "text/merge_list.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace zimage::text {

class Bpe {
 public:
  explicit Bpe(const MergeList& merges);
  ~Bpe();
  Bpe(Bpe&&) noexcept;
  Bpe& operator=(Bpe&&) noexcept;

  // The bytes joined by merges from the lowest rank on, the leftmost pair first among equals. A byte is given by its
  // value, what merge i makes by 256 + i.
  std::vector<std::int32_t> encode(std::string_view bytes) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zimage::text
