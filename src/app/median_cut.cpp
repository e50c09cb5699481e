// A picture's colours cut into few boxes that hold about as many pixels each.
#include "app/sixel.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>

namespace zimage::app {
namespace {

constexpr std::size_t kMaxColours = 256;
constexpr unsigned kBits = 5;  // that colours are told apart by, per channel

struct Shade {
  std::array<std::uint8_t, 3> key;      // the highest bits of each channel
  std::array<std::uint64_t, 3> sums{};  // over its pixels
  std::uint64_t pixels = 0;
};

std::size_t shade_index(std::span<const std::uint8_t> pixel) {
  const auto high = [&](std::size_t channel) { return static_cast<std::size_t>(pixel[channel] >> (8 - kBits)); };
  return (high(0) << (2 * kBits)) | (high(1) << kBits) | high(2);
}

struct Box {
  std::span<Shade> shades;
  std::size_t channel = 0;  // the one that spreads most
  int spread = 0;
  std::uint64_t pixels = 0;

  explicit Box(std::span<Shade> of) : shades(of) {
    for (const Shade& shade : shades) pixels += shade.pixels;
    for (std::size_t c = 0; c < 3; ++c) {
      const auto [low, high] = std::minmax_element(shades.begin(), shades.end(),
                                                   [c](const Shade& a, const Shade& b) { return a.key[c] < b.key[c]; });
      const int distance = high->key[c] - low->key[c];
      if (distance > spread) {
        spread = distance;
        channel = c;
      }
    }
  }
  std::uint64_t weight() const { return pixels * static_cast<std::uint64_t>(spread); }
};

// At the middle pixel, each half with one shade at least.
std::size_t cut_place(const Box& box) {
  std::uint64_t before = 0;
  std::size_t place = 0;
  while (place + 1 < box.shades.size() && (place == 0 || before + box.shades[place].pixels / 2 < box.pixels / 2)) {
    before += box.shades[place++].pixels;
  }
  return place;
}

std::vector<Box> cut(std::span<Shade> shades) {
  std::vector<Box> boxes{Box(shades)};
  while (boxes.size() < kMaxColours) {
    const auto widest = std::max_element(boxes.begin(), boxes.end(),
                                         [](const Box& a, const Box& b) { return a.weight() < b.weight(); });
    if (widest->spread == 0) break;
    const Box box = *widest;
    std::stable_sort(box.shades.begin(), box.shades.end(),
                     [c = box.channel](const Shade& a, const Shade& b) { return a.key[c] < b.key[c]; });
    const std::size_t place = cut_place(box);
    *widest = Box(box.shades.first(place));
    boxes.emplace_back(box.shades.subspan(place));
  }
  return boxes;
}

std::array<std::uint8_t, 3> mean_percents(const Box& box) {
  std::array<std::uint8_t, 3> percents{};
  for (std::size_t c = 0; c < 3; ++c) {
    std::uint64_t sum = 0;
    for (const Shade& shade : box.shades) sum += shade.sums[c];
    const double mean = static_cast<double>(sum) / static_cast<double>(box.pixels);
    percents[c] = static_cast<std::uint8_t>(std::lround(mean * 100 / 255));
  }
  return percents;
}

std::vector<Shade> shades_of(const Image& image) {
  std::map<std::size_t, Shade> by_index;
  const std::span<const std::uint8_t> rgb(image.rgb);
  for (std::size_t at = 0; at < rgb.size(); at += 3) {
    Shade& shade = by_index[shade_index(rgb.subspan(at, 3))];
    for (std::size_t c = 0; c < 3; ++c) {
      shade.key[c] = static_cast<std::uint8_t>(rgb[at + c] >> (8 - kBits));
      shade.sums[c] += rgb[at + c];
    }
    ++shade.pixels;
  }
  std::vector<Shade> shades;
  for (const auto& [index, shade] : by_index) shades.push_back(shade);
  return shades;
}

}  // namespace

IndexedImage in_few_colours(const Image& image) {
  std::vector<Shade> shades = shades_of(image);
  IndexedImage indexed{image.width, image.height, {}, {}};
  std::vector<std::uint8_t> colour_of(std::size_t{1} << (3 * kBits));
  for (const Box& box : cut(shades)) {
    for (const Shade& shade : box.shades) {
      const auto colour = static_cast<std::uint8_t>(indexed.percents.size());
      colour_of[(std::size_t{shade.key[0]} << (2 * kBits)) | (std::size_t{shade.key[1]} << kBits) | shade.key[2]] =
          colour;
    }
    indexed.percents.push_back(mean_percents(box));
  }
  const std::span<const std::uint8_t> rgb(image.rgb);
  for (std::size_t at = 0; at < rgb.size(); at += 3)
    indexed.indices.push_back(colour_of[shade_index(rgb.subspan(at, 3))]);
  return indexed;
}

}  // namespace zimage::app
