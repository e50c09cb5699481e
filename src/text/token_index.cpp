#include "text/token_index.h"

#include <bit>
#include <cstring>

namespace zimage::text {
namespace {

std::uint64_t word_of(const char* bytes, std::size_t count) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  return word;
}

// Inline and for short strings: loading computes a million.
std::uint32_t hash_of(std::string_view token) {
  constexpr std::size_t kBytes = sizeof(std::uint64_t);
  constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;
  std::uint64_t hash = token.size();
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * kFactor;
    hash ^= hash >> 32;
  };
  for (; token.size() > kBytes; token.remove_prefix(kBytes)) mix(word_of(token.data(), kBytes));
  mix(word_of(token.data(), token.size()));
  return static_cast<std::uint32_t>(hash);
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
