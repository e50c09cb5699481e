// A picture as text: a cell for two pixels, the upper one in the colour of ▀, the lower one in that of its background.
#pragma once

#include "zimage/image.h"

#include <string>

namespace zimage::app {

// Colours in 24 bits. A line for two rows of pixels; of an odd number the last line has no background.
std::string half_blocks(const Image& image);

}  // namespace zimage::app
