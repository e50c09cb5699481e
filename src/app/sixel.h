// A picture in few colours, and as DEC's sixels: columns of six pixels, colour by colour.
#pragma once

#include "zimage/image.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace zimage::app {

struct IndexedImage {
  int width = 0, height = 0;
  std::vector<std::array<std::uint8_t, 3>> percents;  // red, green and blue of each colour, 0 to 100, as sixels have it
  std::vector<std::uint8_t> indices;                  // one a pixel
};

// At most 256 colours, by the median cut (Heckbert 1982).
IndexedImage in_few_colours(const Image& image);

std::string sixels(const IndexedImage& image);

}  // namespace zimage::app
