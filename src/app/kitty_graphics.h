// A PNG as the escape codes of kitty's graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol/).
#pragma once

#include <string>
#include <string_view>

namespace zimage::app {

// The terminal scales the picture to so many columns, and says nothing back.
std::string kitty_graphics(std::string_view png, int columns);

}  // namespace zimage::app
