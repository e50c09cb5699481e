#include "text/token_index.h"

#include <bit>
#include <functional>

namespace zimage::text {
namespace {

std::uint32_t hash_of(std::string_view token) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>()(token));
}

}  // namespace

TokenIndex::TokenIndex(const std::vector<std::string>& tokens)
    : tokens_(tokens), slots_(std::bit_ceil(tokens.size() * 3 / 2 + 1)) {
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    if (id + kPrefetchAhead < tokens.size()) prefetch(tokens[id + kPrefetchAhead]);
    if (tokens[id].empty()) continue;
    const std::uint32_t hash = hash_of(tokens[id]);
    Slot& slot = slots_[position_of(tokens[id], hash)];
    if (slot.id >= 0) duplicate_ = &tokens[id];
    slot = {hash, static_cast<std::int32_t>(id)};
  }
}

void TokenIndex::prefetch(std::string_view token) const {
  __builtin_prefetch(&slots_[hash_of(token) & (slots_.size() - 1)]);
}

std::size_t TokenIndex::position_of(std::string_view token, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t position = hash & mask;
  for (; slots_[position].id >= 0; position = (position + 1) & mask) {
    const Slot& slot = slots_[position];
    if (slot.hash == hash && tokens_[static_cast<std::size_t>(slot.id)] == token) break;
  }
  return position;
}

std::optional<std::int32_t> TokenIndex::find(std::string_view token) const {
  const std::int32_t id = slots_[position_of(token, hash_of(token))].id;
  return id >= 0 ? std::optional(id) : std::nullopt;
}

}  // namespace zimage::text
