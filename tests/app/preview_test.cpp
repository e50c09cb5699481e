#include "app/preview.h"

#include "app/area_average.h"
#include "app/half_blocks.h"
#include "app/kitty_graphics.h"
#include "app/sixel.h"
#include "io/png.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>

namespace zimage::app {
namespace {

Image filled(int width, int height, const std::function<std::uint8_t(int x, int y, int channel)>& value) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int channel = 0; channel < 3; ++channel) image.rgb.push_back(value(x, y, channel));
    }
  }
  return image;
}

// Many colours, no two rows or columns alike.
Image varied(int width, int height) {
  return filled(width, height, [](int x, int y, int channel) {
    return static_cast<std::uint8_t>(channel == 0 ? x * 5 : channel == 1 ? y * 7 : (x * y) % 251);
  });
}

TEST(AreaAverage, of_one_colour_is_that_colour) {
  for (const int value : {0, 1, 7, 128, 200, 255}) {
    const Image image = filled(13, 9, [&](int, int, int) { return static_cast<std::uint8_t>(value); });
    for (const std::uint8_t byte : area_average(image, 5, 4).rgb) EXPECT_EQ(byte, value);
  }
}

TEST(AreaAverage, is_of_light_not_of_codes) {
  const Image squares = filled(4, 4, [](int x, int y, int) { return (x + y) % 2 == 0 ? 255 : 0; });
  for (const std::uint8_t byte : area_average(squares, 2, 2).rgb) EXPECT_EQ(byte, 188);  // half the light
}

TEST(AreaAverage, pixels_count_by_the_area_that_is_covered) {
  const Image step = filled(3, 1, [](int x, int, int) { return x == 0 ? 255 : 0; });
  const Image halves = area_average(step, 2, 1);  // the first covers pixel 0 and half of pixel 1
  const double light = 2.0 / 3, code = 1.055 * std::pow(light, 1 / 2.4) - 0.055;
  EXPECT_EQ(halves.rgb[0], std::lround(code * 255));
  EXPECT_EQ(halves.rgb[3], 0);
}

TEST(AreaAverage, as_large_as_before_is_the_same) {
  const Image image = varied(17, 11);
  EXPECT_EQ(area_average(image, 17, 11).rgb, image.rgb);
}

TEST(Fitted, keeps_the_shape) {
  const auto sides = [](int width, int height, int max_width, int max_height) {
    const Image image = fitted(varied(width, height), max_width, max_height);
    EXPECT_EQ(image.rgb.size(), static_cast<std::size_t>(image.width * image.height * 3));
    return std::pair(image.width, image.height);
  };
  EXPECT_EQ(sides(64, 32, 32, 32), std::pair(32, 16));
  EXPECT_EQ(sides(32, 64, 32, 32), std::pair(16, 32));
  EXPECT_EQ(sides(8, 8, 32, 32), std::pair(8, 8));
  EXPECT_EQ(sides(256, 2, 16, 16), std::pair(16, 1));
}

std::string from_base64(std::string_view text) {
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(digits.find(c));
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 255);
  }
  return bytes;
}

struct KittyChunk {
  std::string control, payload;
};

std::vector<KittyChunk> kitty_chunks(std::string text) {
  std::vector<KittyChunk> chunks;
  while (text != "\n") {
    const std::size_t semicolon = text.find(';'), end = text.find("\x1b\\");
    if (!text.starts_with("\x1b_G") || semicolon == std::string::npos || end == std::string::npos) {
      ADD_FAILURE() << "no chunk";
      break;
    }
    chunks.push_back({text.substr(3, semicolon - 3), text.substr(semicolon + 1, end - semicolon - 1)});
    text.erase(0, end + 2);
  }
  return chunks;
}

TEST(KittyGraphics, chunks_hold_the_png) {
  for (const int side : {1, 2, 3, 40, 100}) {
    const std::string png = io::png_bytes(varied(side, side), {});
    const std::vector<KittyChunk> chunks = kitty_chunks(kitty_graphics(png, 20));
    std::string payload;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const bool is_last = i + 1 == chunks.size();
      EXPECT_LE(chunks[i].payload.size(), 4096U);
      EXPECT_TRUE(is_last || chunks[i].payload.size() % 4 == 0);
      EXPECT_EQ(chunks[i].control, std::string(i == 0 ? "f=100,a=T,q=2,c=20," : "") + (is_last ? "m=0" : "m=1"));
      payload += chunks[i].payload;
    }
    EXPECT_EQ(from_base64(payload), png);
    EXPECT_EQ(chunks.size(), (payload.size() + 4095) / 4096);
    EXPECT_TRUE(side < 100 || chunks.size() > 1);
  }
}

// What a terminal makes of sixels: the percents of each pixel's colour; -1 where nothing was drawn.
struct SixelScreen {
  int width = 0, height = 0;
  std::vector<int> colours;
  std::vector<std::array<int, 3>> palette;
};

std::vector<int> numbers(const std::string& text, std::size_t& at) {
  std::vector<int> values;
  do {
    if (text[at] == ';') ++at;
    values.push_back(std::atoi(text.c_str() + at));
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
  } while (at < text.size() && text[at] == ';');
  return values;
}

void draw(SixelScreen& screen, int x, int top, int bits, int colour) {
  for (int row = 0; row < 6; ++row) {
    if ((bits >> row & 1) == 0) continue;
    ASSERT_TRUE(x < screen.width && top + row < screen.height) << x << "," << top + row;
    int& pixel = screen.colours[static_cast<std::size_t>((top + row) * screen.width + x)];
    EXPECT_EQ(pixel, -1) << "drawn twice";
    pixel = colour;
  }
}

SixelScreen decoded(const std::string& codes) {
  SixelScreen screen;
  const std::string head = "\x1bP0;1;0q\"", tail = "\x1b\\\n";
  EXPECT_TRUE(codes.starts_with(head) && codes.ends_with(tail));
  const std::string text = codes.substr(head.size(), codes.size() - head.size() - tail.size());
  std::size_t at = 0;
  const std::vector<int> raster = numbers(text, at);
  screen.width = raster.at(2), screen.height = raster.at(3);
  screen.colours.assign(static_cast<std::size_t>(screen.width * screen.height), -1);
  int x = 0, top = 0, colour = -1;
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '$') x = 0;
    if (c == '-') x = 0, top += 6;
    if (c == '#') {
      const std::vector<int> values = numbers(text, at);
      colour = values[0];
      if (values.size() == 5) {
        EXPECT_EQ(values[1], 2);  // RGB
        screen.palette.resize(static_cast<std::size_t>(colour) + 1);
        screen.palette.back() = {values[2], values[3], values[4]};
      }
    }
    const int length = c == '!' ? numbers(text, at)[0] : 1;
    const char sixel = c == '!' ? text[at++] : c;
    if (sixel < '?' || sixel > '~') continue;
    for (int i = 0; i < length; ++i) draw(screen, x++, top, sixel - '?', colour);
  }
  return screen;
}

TEST(Sixels, decode_to_the_picture_in_few_colours) {
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(7, 6), std::pair(50, 13), std::pair(64, 48)}) {
    const IndexedImage image = in_few_colours(varied(width, height));
    const SixelScreen screen = decoded(sixels(image));
    ASSERT_EQ(std::pair(screen.width, screen.height), std::pair(width, height));
    for (std::size_t i = 0; i < image.indices.size(); ++i) {
      ASSERT_GE(screen.colours[i], 0) << "not drawn";
      const auto& seen = screen.palette.at(static_cast<std::size_t>(screen.colours[i]));
      const auto& meant = image.percents[image.indices[i]];
      EXPECT_EQ(seen, (std::array<int, 3>{meant[0], meant[1], meant[2]}));
    }
  }
}

TEST(FewColours, few_stay_as_they_are) {
  const Image image = filled(16, 16, [](int x, int y, int channel) {
    return static_cast<std::uint8_t>(channel == 0 ? x * 16 : channel == 1 ? y / 2 * 32 : 0);
  });
  const IndexedImage indexed = in_few_colours(image);
  EXPECT_EQ(indexed.percents.size(), 128U);
  for (std::size_t i = 0; i < indexed.indices.size(); ++i) {
    const auto& percents = indexed.percents[indexed.indices[i]];
    for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(percents[c], std::lround(image.rgb[3 * i + c] * 100 / 255.0));
  }
}

TEST(FewColours, many_become_256_near_ones) {
  const Image image = varied(200, 150);
  const IndexedImage indexed = in_few_colours(image);
  EXPECT_EQ(indexed.percents.size(), 256U);
  double squares = 0;
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    const double off = indexed.percents[indexed.indices[i / 3]][i % 3] * 2.55 - image.rgb[i];
    squares += off * off;
  }
  EXPECT_LT(std::sqrt(squares / static_cast<double>(image.rgb.size())), 16);
}

TEST(HalfBlocks, say_each_colour_where_it_changes) {
  const Image image{2, 3, {1, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 10, 11, 13}};
  EXPECT_EQ(half_blocks(image),
            "\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m\u2580\x1b[48;2;7;8;9m\u2580\x1b[0m\n"
            "\x1b[38;2;10;11;12m\u2580\x1b[38;2;10;11;13m\u2580\x1b[0m\n");
}

TEST(Preview, fits_the_terminal) {
  const Image image = varied(256, 256);
  const std::string blocks = preview_bytes(image, PreviewProtocol::blocks, {80, 24, 0, 0});
  EXPECT_EQ(std::count(blocks.begin(), blocks.end(), '\n'), 22);
  EXPECT_EQ(
      kitty_chunks(preview_bytes(image, PreviewProtocol::kitty, {80, 24, 800, 480})).front().control.substr(0, 18),
      "f=100,a=T,q=2,c=25");  // 256 pixels, of 10 a column
  const SixelScreen screen = decoded(preview_bytes(image, PreviewProtocol::sixel, {80, 12, 800, 240}));
  EXPECT_EQ(std::pair(screen.width, screen.height), std::pair(200, 200));  // ten lines of 20 pixels
}

TEST(Preview, protocol_by_the_environment) {
  const auto chosen = [](const TerminalTraits& traits, bool has_sixels) {
    return choose_protocol(traits, [=] { return has_sixels; });
  };
  EXPECT_EQ(chosen({.term = "xterm-kitty"}, false), PreviewProtocol::kitty);
  EXPECT_EQ(chosen({.term = "xterm-256color", .is_kitty = true}, false), PreviewProtocol::kitty);
  EXPECT_EQ(chosen({.term = "xterm-256color", .program = "ghostty"}, false), PreviewProtocol::kitty);
  EXPECT_EQ(chosen({.term = "tmux-256color", .is_kitty = true, .is_multiplexed = true}, false),
            PreviewProtocol::blocks);
  EXPECT_EQ(chosen({.term = "tmux-256color", .is_kitty = true, .is_multiplexed = true}, true), PreviewProtocol::sixel);
  EXPECT_EQ(chosen({.term = "xterm-256color"}, true), PreviewProtocol::sixel);
  EXPECT_EQ(chosen({.term = "xterm-256color"}, false), PreviewProtocol::blocks);
}

TEST(Preview, sixels_by_the_device_attributes) {
  EXPECT_TRUE(tells_of_sixels("\x1b[?62;4;6;22c"));
  EXPECT_TRUE(tells_of_sixels("\x1b[?63;1;2;4c"));
  EXPECT_FALSE(tells_of_sixels("\x1b[?4;6c"));  // a class, not an attribute
  EXPECT_FALSE(tells_of_sixels("\x1b[?62;14;44c"));
  EXPECT_FALSE(tells_of_sixels("\x1b[?62;4"));  // cut short
  EXPECT_FALSE(tells_of_sixels(""));
}

}  // namespace
}  // namespace zimage::app
