// SHA-256 of bytes that come one after the other: of a file that does not go into memory.
#pragma once

#include "io/sha256.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace zimage::io {

class Sha256Stream {
 public:
  void add(std::string_view bytes);
  // Once, at the end.
  Sha256 digest();

 private:
  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string rest_;  // less than a block
  std::uint64_t bytes_ = 0;
};

}  // namespace zimage::io
