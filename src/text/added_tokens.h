// Added tokens cut out of a raw text: the longest that starts at a place, from left to right.
#pragma once

#include "text/vocabulary.h"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace zimage::text {

// A part of a text: an added token, or what stands between two of them.
struct Section {
  std::string_view text;
  std::optional<std::int32_t> added_id;
};

class AddedTokens {
 public:
  explicit AddedTokens(std::vector<AddedToken> tokens);

  // In order, covering the text, none empty.
  std::vector<Section> split(std::string_view text) const;

  // The id of the token with exactly this content.
  std::optional<std::int32_t> find(std::string_view content) const;
  bool has(std::int32_t id) const;

 private:
  const AddedToken* longest_at_start(std::string_view text) const;

  std::vector<AddedToken> tokens_;  // by content
  std::bitset<256> first_bytes_;
};

}  // namespace zimage::text
