// A picture made smaller: each pixel is the average of the area that it covers, in linear light, as an eye from afar
// sees it.
#pragma once

#include "zimage/image.h"

namespace zimage::app {

// REQUIRES: 1 ≤ width ≤ image.width, 1 ≤ height ≤ image.height.
Image area_average(const Image& image, int width, int height);

// The same shape within the box, to the nearest pixel; as it is where it fits.
Image fitted(const Image& image, int max_width, int max_height);

}  // namespace zimage::app
