// The size of an image as people say it.
#include "base/text.h"
#include "config/number.h"

#include <algorithm>
#include <cmath>

namespace zimage::config {
namespace {

constexpr std::int64_t kMultiple = 16, kMaxPixels = 8192;
constexpr double kPixelsPerMegapixel = 1024 * 1024;
constexpr double kMaxAspect = 16, kMaxMegapixels = 64;
constexpr double kLandscape = 3.0 / 2;

int nearest_side(double pixels) {
  const double multiples = std::round(pixels / kMultiple);
  return static_cast<int>(std::clamp<double>(multiples, 1, kMaxPixels / kMultiple) * kMultiple);
}

// " (the nearest are 992 and 1008)" for a number between two multiples.
std::string neighbours(const std::optional<std::int64_t>& pixels) {
  if (!pixels || *pixels <= kMultiple || *pixels >= kMaxPixels) return "";
  const std::int64_t below = *pixels / kMultiple * kMultiple;
  return "; the nearest are " + std::to_string(below) + " and " + std::to_string(below + kMultiple);
}

}  // namespace

int parse_pixels(const OptionValue& value) {
  const auto number = number_in<std::int64_t>(value.text);
  if (!number || *number < kMultiple || *number > kMaxPixels || *number % kMultiple != 0) {
    refuse(value, "must be a multiple of 16 from 16 to 8192 (pixels)" + neighbours(number));
  }
  return static_cast<int>(*number);
}

ImageSides parse_image_size(const OptionValue& value) {
  if (value.text == "square") return sides_of(1, 1);
  if (value.text == "landscape") return sides_of(kLandscape, 1);
  if (value.text == "portrait") return sides_of(1 / kLandscape, 1);
  const std::size_t cross = value.text.find('x');
  if (cross == std::string_view::npos) refuse(value, "must be WIDTHxHEIGHT, landscape, portrait or square");
  const auto side = [&](const char* which, std::string_view text) {
    return parse_pixels({std::string(value.option) + " " + printable(value.text) + ": " + which, text, value.breach});
  };
  return {side("width", value.text.substr(0, cross)), side("height", value.text.substr(cross + 1))};
}

double parse_aspect(const OptionValue& value) {
  const std::size_t colon = value.text.find(':');
  const auto width = number_in<double>(value.text.substr(0, colon));
  const auto height =
      colon == std::string_view::npos ? std::optional(1.0) : number_in<double>(value.text.substr(colon + 1));
  const double aspect = width && height && *height > 0 ? *width / *height : 0;
  if (!(aspect >= 1 / kMaxAspect && aspect <= kMaxAspect)) {
    refuse(value, "must be WIDTH:HEIGHT from 1:16 to 16:1, such as 16:9");
  }
  return aspect;
}

double parse_megapixels(const OptionValue& value) {
  const auto number = number_in<double>(value.text);
  if (!number || !(*number > 0 && *number <= kMaxMegapixels)) {
    refuse(value, "must be megapixels of 1024x1024 above 0, at most 64");
  }
  return *number;
}

ImageSides sides_of(double aspect, double megapixels) {
  const double area = megapixels * kPixelsPerMegapixel;
  return {nearest_side(std::sqrt(area * aspect)), nearest_side(std::sqrt(area / aspect))};
}

}  // namespace zimage::config
