#include "app/area_average.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace zimage::app {
namespace {

constexpr std::size_t kChannels = 3;

// sRGB's transfer function, IEC 61966-2-1.
float linear(int value) {
  const float v = static_cast<float>(value) / 255;
  return v <= 0.04045F ? v / 12.92F : std::pow((v + 0.055F) / 1.055F, 2.4F);
}

std::uint8_t encoded(float light) {
  const float v = light <= 0.0031308F ? light * 12.92F : 1.055F * std::pow(light, 1 / 2.4F) - 0.055F;
  return static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0F, 1.0F) * 255));
}

std::array<float, 256> linear_table() {
  std::array<float, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = linear(static_cast<int>(i));
  return table;
}

struct Share {
  std::size_t from;  // the pixel
  float weight;      // of the whole
};

// The pixels of a side that each pixel of the smaller side covers, and how much of it each is.
std::vector<std::vector<Share>> shares(int from, int to) {
  std::vector<std::vector<Share>> all;
  const double scale = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    const double begin = i * scale, end = std::min<double>(from, (i + 1) * scale);
    std::vector<Share> covered;
    for (int k = static_cast<int>(begin); k < from && k < end; ++k) {
      const double part = std::min<double>(end, k + 1) - std::max<double>(begin, k);
      if (part > 1e-9) covered.push_back({static_cast<std::size_t>(k), static_cast<float>(part / (end - begin))});
    }
    all.push_back(std::move(covered));
  }
  return all;
}

}  // namespace

Image area_average(const Image& image, int width, int height) {
  static const std::array<float, 256> light = linear_table();
  const auto columns = shares(image.width, width), rows = shares(image.height, height);
  const std::size_t stride = static_cast<std::size_t>(image.width) * kChannels;
  Image small{width, height, {}};
  small.rgb.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * kChannels);
  for (const auto& row : rows) {
    for (const auto& column : columns) {
      for (std::size_t channel = 0; channel < kChannels; ++channel) {
        float sum = 0;
        for (const Share& y : row) {
          for (const Share& x : column) {
            sum += y.weight * x.weight * light[image.rgb[y.from * stride + x.from * kChannels + channel]];
          }
        }
        small.rgb.push_back(encoded(sum));
      }
    }
  }
  return small;
}

Image fitted(const Image& image, int max_width, int max_height) {
  const double scale =
      std::min({1.0, static_cast<double>(max_width) / image.width, static_cast<double>(max_height) / image.height});
  const auto side = [scale](int pixels, int most) {
    return std::clamp(static_cast<int>(std::lround(pixels * scale)), 1, std::max(1, most));
  };
  if (scale == 1.0) return image;
  return area_average(image, side(image.width, max_width), side(image.height, max_height));
}

}  // namespace zimage::app
