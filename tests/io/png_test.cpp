// PNG files against an independent decoder (stb_image), and the metadata reader against a file that Pillow wrote.
#include "io/png.h"

#include <gtest/gtest.h>

#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STB_IMAGE_IMPLEMENTATION
#include "zimage/error.h"

#include <stb_image.h>

#include <memory>
#include <random>

namespace zimage::io {
namespace {

Image random_image(int width, int height) {
  Image image{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3)};
  std::mt19937 bits(static_cast<unsigned>(width * 1000 + height));
  for (auto& value : image.rgb) value = static_cast<std::uint8_t>(bits());
  return image;
}

Image flat_image(int width, int height) {
  Image image{width, height, {}};
  for (int i = 0; i < width * height; ++i)
    image.rgb.insert(image.rgb.end(), {220, 40, static_cast<std::uint8_t>(i / width)});
  return image;
}

std::string decoded(const std::string& png, int width, int height) {
  int w = 0, h = 0, channels = 0;
  std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(png.data()), static_cast<int>(png.size()), &w, &h,
                            &channels, 0),
      &stbi_image_free);
  if (!pixels || w != width || h != height || channels != 3) return "not decoded";
  return {reinterpret_cast<const char*>(pixels.get()), static_cast<std::size_t>(w) * h * 3};
}

std::string bytes_of(const Image& image) { return {image.rgb.begin(), image.rgb.end()}; }

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// Two pixels, written by Pillow 13.0 with the iTXt text {"prompt":"红"}.
std::string pillow_file() {
  return from_hex(
      "89504e470d0a1a0a0000000d49484452000000020000000108020000007b40e8dd0000001b695458747a696d6167650000000000"
      "7b2270726f6d7074223a22e7baa2227d2e1a15b10000000f49444154789c63b8a3a1c1c8c40c0006a10133c5a44dba0000000049"
      "454e44ae426082");
}

TEST(Png, pixels_survive_an_independent_decoder) {
  for (const Image& image : {random_image(1, 1), random_image(17, 5), random_image(1, 300), flat_image(128, 64)}) {
    const std::string png = png_bytes(image, {"{}", "a"});
    EXPECT_EQ(decoded(png, image.width, image.height), bytes_of(image)) << image.width << "x" << image.height;
  }
}

TEST(Png, flat_images_compress) { EXPECT_LT(png_bytes(flat_image(128, 128), {}).size(), 128u * 128 * 3 / 20); }

TEST(Png, metadata_comes_back_as_written) {
  const std::string text = R"({"prompt":"a red circle, 红色的圆形 🎨\n","seed":18446744073709551615})";
  const std::string png = png_bytes(random_image(16, 16), {text, {}});
  EXPECT_EQ(read_png_metadata(png, "x.png"), text);
  EXPECT_EQ(png.substr(8 + 12 + 13 + 4, 4), "iTXt");
}

TEST(Png, parameters_are_text_as_other_programs_read_it) {
  const Image image = random_image(3, 3);
  const std::string ascii = png_bytes(image, {.json = {}, .parameters = "a\nSteps: 9"});
  EXPECT_EQ(ascii.substr(33 + 4, 24), std::string("tEXtparameters\0a\nSteps: 9", 24));
  const std::string unicode = png_bytes(image, {.json = {}, .parameters = "红\nSteps: 9"});
  EXPECT_EQ(unicode.substr(33 + 4, 31), std::string("iTXtparameters\0\0\0\0\0红\nSteps: 9", 31));
  for (const std::string& png : {ascii, unicode}) {
    EXPECT_EQ(decoded(png, 3, 3), bytes_of(image));
    EXPECT_EQ(read_png_metadata(png, "x.png"), std::nullopt);
  }
  EXPECT_EQ(png_bytes(image, {}).substr(33 + 4, 4), "IDAT");
}

TEST(Png, metadata_of_a_file_by_another_writer) {
  EXPECT_EQ(read_png_metadata(pillow_file(), "x.png"), R"({"prompt":"红"})");
}

TEST(Png, no_metadata) {
  std::string png = pillow_file();
  png.erase(8 + 12 + 13, 12 + 0x1b);
  EXPECT_EQ(read_png_metadata(png, "x.png"), std::nullopt);
}

// Each damage, and the words of the rule that it breaks.
TEST(Png, damaged_files_are_refused) {
  const auto rule_broken_by = [](const std::string& png) -> std::string {
    try {
      read_png_metadata(png, "x.png");
    } catch (const Error& error) {
      return error.kind() == ErrorKind::model ? error.what() : "another kind";
    }
    return "accepted";
  };
  std::string flipped = pillow_file();
  flipped[60] ^= 1;
  EXPECT_EQ(rule_broken_by(flipped), "x.png: PNG: a chunk's checksum does not match");
  std::string endless = pillow_file();
  endless[33] = '\xff';
  EXPECT_EQ(rule_broken_by(endless), "x.png: PNG: a chunk is longer than the file");
  EXPECT_EQ(rule_broken_by(pillow_file().substr(0, 40)), "x.png: PNG: the file ends inside a chunk");
  EXPECT_EQ(rule_broken_by("GIF89a"), "x.png: PNG: the signature is missing");
  EXPECT_EQ(rule_broken_by(""), "x.png: PNG: the signature is missing");
}

}  // namespace
}  // namespace zimage::io
