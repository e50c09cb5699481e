#include "text/token_index.h"

#include <bit>
#include <functional>

namespace zimage::text {

TokenIndex::TokenIndex(const std::vector<std::string>& tokens)
    : tokens_(tokens), slots_(std::bit_ceil(tokens.size() * 2 + 1), -1) {
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    if (tokens[id].empty()) continue;
    std::int32_t& slot = slots_[slot_of(tokens[id])];
    if (slot >= 0) duplicate_ = &tokens[id];
    slot = static_cast<std::int32_t>(id);
  }
}

std::size_t TokenIndex::slot_of(std::string_view token) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>()(token) & mask;
  while (slots_[slot] >= 0 && tokens_[static_cast<std::size_t>(slots_[slot])] != token) slot = (slot + 1) & mask;
  return slot;
}

std::optional<std::int32_t> TokenIndex::find(std::string_view token) const {
  const std::int32_t id = slots_[slot_of(token)];
  return id >= 0 ? std::optional(id) : std::nullopt;
}

}  // namespace zimage::text
