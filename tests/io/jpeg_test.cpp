// JPEG files against an independent decoder (stb_image).
#include "io/jpeg.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

#include <cmath>
#include <cstdlib>
#include <memory>

namespace zimage::io {
namespace {

// Smooth, as pictures are.
Image smooth_image(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const double phase : {0.0, 1.0, 2.0}) {
        image.rgb.push_back(static_cast<std::uint8_t>(127.5 + 127 * std::sin(0.1 * x + 0.07 * y + phase)));
      }
    }
  }
  return image;
}

// The mean difference of a byte, or 255 where the file cannot be decoded.
double difference(const Image& image, const std::string& jpeg) {
  int w = 0, h = 0, channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(jpeg.data()), static_cast<int>(jpeg.size()), &w, &h,
                            &channels, 0),
      &stbi_image_free);
  if (!pixels || w != image.width || h != image.height || channels != 3) return 255;
  double sum = 0;
  for (std::size_t i = 0; i < image.rgb.size(); ++i) sum += std::abs(pixels.get()[i] - image.rgb[i]);
  return sum / static_cast<double>(image.rgb.size());
}

TEST(Jpeg, pixels_come_back_nearly) {
  for (const Image& image : {smooth_image(1, 1), smooth_image(64, 48), smooth_image(17, 33)}) {
    EXPECT_LT(difference(image, jpeg_bytes(image, {})), 2) << image.width;
  }
  const Image image = smooth_image(64, 64);
  const std::string best = jpeg_bytes(image, {.quality = 100, .comment = {}});
  const std::string worst = jpeg_bytes(image, {.quality = 1, .comment = {}});
  EXPECT_LT(difference(image, best), difference(image, worst));
  EXPECT_LT(worst.size(), best.size());
}

TEST(Jpeg, the_comment_is_read_again_and_changes_no_pixel) {
  const Image image = smooth_image(16, 16);
  const std::string comment = "{\"zimage\":\"0.1.0\",\"prompt\":\"红\"}";
  const std::string with = jpeg_bytes(image, {.quality = 95, .comment = comment});
  const std::string without = jpeg_bytes(image, {});
  EXPECT_EQ(read_jpeg_comment(with, "x.jpg"), comment);
  EXPECT_EQ(read_jpeg_comment(without, "x.jpg"), std::nullopt);
  EXPECT_EQ(with.size(), without.size() + comment.size() + 4);
  EXPECT_EQ(difference(image, with), difference(image, without));
  const std::string longest(65533, 'a');
  EXPECT_EQ(read_jpeg_comment(jpeg_bytes(image, {.quality = 95, .comment = longest}), "x.jpg"), longest);
  EXPECT_EQ(jpeg_bytes(image, {.quality = 95, .comment = longest + "a"}), without);
}

TEST(Jpeg, damaged_files_are_refused) {
  const std::string jpeg = jpeg_bytes(smooth_image(16, 16), {.quality = 95, .comment = "{}"});
  const auto refused = [](const std::string& bytes, const std::string& rule) {
    test::expect_error(ErrorKind::model, {"x.jpg: JPEG: " + rule}, [&] { read_jpeg_comment(bytes, "x.jpg"); });
  };
  refused("", "the start is missing");
  refused("PNG", "the start is missing");
  for (std::size_t bytes = 2; bytes < 24; ++bytes) refused(jpeg.substr(0, bytes), "a segment");
  std::string wrong = jpeg;
  wrong[2] = 'x';
  refused(wrong, "a segment is missing");
  wrong = jpeg;
  wrong[5] = 1;
  refused(wrong, "a segment is longer than the file");
  wrong = jpeg;
  wrong[4] = '\xFF';
  refused(wrong, "a segment is longer than the file");
}

}  // namespace
}  // namespace zimage::io
