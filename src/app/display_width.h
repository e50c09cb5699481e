// Text in the cells of a terminal, where a Chinese character takes two.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zimage::app {

std::size_t display_width(std::string_view text);

// The longest beginning that is no wider.
std::string_view clipped(std::string_view text, std::size_t columns);

// Lines no wider than that where it can be: broken at spaces, and between Chinese characters, but not before
// punctuation.
std::string wrapped(std::string_view text, std::size_t columns);

}  // namespace zimage::app
