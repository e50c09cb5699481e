// The pixels of a PNG as io/png.h writes it.
#pragma once

#include "zimage/image.h"

#include <string_view>

namespace zimage::io {

// 8-bit RGB without interlacing, 8192 pixels a side at most. Throws Error(model) "SOURCE: PNG: rule" for other
// pictures and for damaged ones.
Image read_png(std::string_view png, std::string_view source);

}  // namespace zimage::io
