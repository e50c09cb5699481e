// One of several processes that share a list of prompts: it takes every N-th image.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zimage::batch {

struct Shard {
  std::uint64_t index = 0, count = 1;

  bool is_whole() const { return count == 1; }
  bool has(std::uint64_t image) const { return image % count == index; }
};

// "I/N", from 0. Throws Error(usage) naming the option and the rule.
Shard parse_shard(std::string_view option, std::string_view text);

// "0/3"
std::string to_string(const Shard& shard);

}  // namespace zimage::batch
