// Ids by token, over a list of tokens that outlives it: one flat table, since a full-size vocabulary has 150,000 of
// them and loading is short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::text {

class TokenIndex {
 public:
  // tokens[id]; empty ones are holes.
  explicit TokenIndex(const std::vector<std::string>& tokens);

  std::optional<std::int32_t> find(std::string_view token) const;
  // Has what find will need brought into the cache; worth it that many tokens ahead.
  void prefetch(std::string_view token) const;
  static constexpr std::size_t kPrefetchAhead = 8;
  // A token that stands in the list more than once.
  const std::string* duplicate() const { return duplicate_; }

 private:
  // The hash spares a look at the token itself, which is mostly a cache miss away.
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t id = -1;  // -1: free
  };

  const std::vector<std::string>& tokens_;
  std::vector<Slot> slots_;  // a power of two of them, at least a third free
  const std::string* duplicate_ = nullptr;

  // Where the token is, or the free slot where it would be.
  std::size_t position_of(std::string_view token, std::uint32_t hash) const;
};

}  // namespace zimage::text
