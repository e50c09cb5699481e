#include "app/half_blocks.h"

#include <array>
#include <cstddef>
#include <optional>

namespace zimage::app {
namespace {

using Colour = std::array<std::uint8_t, 3>;

Colour pixel(const Image& image, int x, int y) {
  const std::size_t at =
      (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x)) * 3;
  return {image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]};
}

// kind: 38 of the character, 48 of its background.
std::string colour_code(const char* kind, const Colour& colour) {
  std::string code = std::string("\x1b[") + kind + ";2";
  for (const std::uint8_t channel : colour) code += ";" + std::to_string(channel);
  return code + "m";
}

// A colour is said where it changes.
std::string line_of(const Image& image, int y) {
  std::string line;
  std::optional<Colour> upper, lower;
  for (int x = 0; x < image.width; ++x) {
    if (const Colour colour = pixel(image, x, y); upper != colour) {
      line += colour_code("38", colour);
      upper = colour;
    }
    if (y + 1 < image.height) {
      if (const Colour colour = pixel(image, x, y + 1); lower != colour) {
        line += colour_code("48", colour);
        lower = colour;
      }
    }
    line += "\u2580";
  }
  return line + "\x1b[0m\n";
}

}  // namespace

std::string half_blocks(const Image& image) {
  std::string text;
  for (int y = 0; y < image.height; y += 2) text += line_of(image, y);
  return text;
}

}  // namespace zimage::app
