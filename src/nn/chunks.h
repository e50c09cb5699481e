// A range in pieces, so that what is made of it never lies whole in memory.
#pragma once

#include <algorithm>
#include <cstdint>

namespace zimage::nn {

// f(first, count) for each `size` neighbours of 0 .. total - 1; the last piece may be smaller.
template <typename F>
void for_each_chunk(std::int64_t total, std::int64_t size, F&& f) {
  for (std::int64_t first = 0; first < total; first += size) f(first, std::min(size, total - first));
}

}  // namespace zimage::nn
