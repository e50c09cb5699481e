#include "app/sixel.h"

#include <algorithm>
#include <cstddef>

namespace zimage::app {
namespace {

constexpr int kBandRows = 6;
constexpr char kFirstSixel = '?';  // no pixel; each bit above it is one, the lowest on top

std::string run_text(char sixel, std::size_t length) {
  if (length < 4) return std::string(length, sixel);
  return "!" + std::to_string(length) + sixel;
}

// One colour's sixels of a band, run by run.
std::string colour_line(const IndexedImage& image, int top, std::size_t colour) {
  const auto width = static_cast<std::size_t>(image.width);
  const int rows = std::min(kBandRows, image.height - top);
  std::string line = "#" + std::to_string(colour);
  char last = 0;
  std::size_t length = 0;
  for (std::size_t x = 0; x < width; ++x) {
    int bits = 0;
    for (int row = 0; row < rows; ++row) {
      if (image.indices[static_cast<std::size_t>(top + row) * width + x] == colour) bits |= 1 << row;
    }
    const char sixel = static_cast<char>(kFirstSixel + bits);
    if (sixel != last) {
      line += run_text(last, length);
      last = sixel;
      length = 0;
    }
    ++length;
  }
  return last == kFirstSixel ? line : line + run_text(last, length);
}

std::string band(const IndexedImage& image, int top) {
  const auto width = static_cast<std::size_t>(image.width);
  const std::size_t begin = static_cast<std::size_t>(top) * width;
  const std::size_t end = std::min(begin + kBandRows * width, image.indices.size());
  std::vector<bool> is_used(image.percents.size());
  for (std::size_t at = begin; at < end; ++at) is_used[image.indices[at]] = true;
  std::string lines;
  for (std::size_t colour = 0; colour < is_used.size(); ++colour) {
    if (!is_used[colour]) continue;
    if (!lines.empty()) lines += '$';  // back to the left
    lines += colour_line(image, top, colour);
  }
  return lines;
}

}  // namespace

std::string sixels(const IndexedImage& image) {
  // Pixels that are not drawn keep their colour; square pixels; the size, so that the terminal can make room.
  std::string codes = "\x1bP0;1;0q\"1;1;" + std::to_string(image.width) + ";" + std::to_string(image.height);
  for (std::size_t i = 0; i < image.percents.size(); ++i) {
    codes += "#" + std::to_string(i) + ";2";
    for (const std::uint8_t percent : image.percents[i]) codes += ";" + std::to_string(percent);
  }
  for (int top = 0; top < image.height; top += kBandRows) codes += band(image, top) + "-";
  return codes + "\x1b\\\n";
}

}  // namespace zimage::app
