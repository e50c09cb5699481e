// A finished picture in host memory.
#pragma once

#include <cstdint>
#include <vector>

namespace zimage {

/// 8 bits a channel, sRGB.
struct Image {
  int width = 0;                  ///< pixels
  int height = 0;                 ///< pixels
  std::vector<std::uint8_t> rgb;  ///< width * height * 3 bytes, rows from the top, no padding
};

}  // namespace zimage
