#include "io/png_pixels.h"

#include "io/png_chunks.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

namespace zimage::io {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kMaxSide = 8192;
constexpr std::size_t kChannels = 3;
// 8 bits, RGB, deflate, the five filters, no interlacing.
constexpr std::string_view kKind = "\x08\x02\x00\x00\x00"sv;

Image read_header(const PngChunks& chunks, const PngChunk& header) {
  if (header.type != "IHDR" || header.data.size() != 13) throw chunks.breach("the header is missing");
  const std::uint32_t width = from_big_endian(header.data), height = from_big_endian(header.data.substr(4));
  if (width == 0 || height == 0 || width > kMaxSide || height > kMaxSide) {
    throw chunks.breach("must have 1 to 8192 pixels a side");
  }
  if (header.data.substr(8) != kKind) throw chunks.breach("must be 8-bit RGB without interlacing");
  return {static_cast<int>(width), static_cast<int>(height), {}};
}

std::string inflated(const PngChunks& chunks, const std::string& data, std::size_t bytes) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!decompressor) throw Error(ErrorKind::memory, "PNG: not enough memory to read an image");
  std::string rows(bytes, '\0');
  std::size_t got = 0;
  const libdeflate_result result =
      libdeflate_zlib_decompress(decompressor.get(), data.data(), data.size(), rows.data(), rows.size(), &got);
  if (result != LIBDEFLATE_SUCCESS || got != bytes) throw chunks.breach("the pixels are damaged");
  return rows;
}

int paeth(int left, int above, int corner) {
  const int estimate = left + above - corner;
  const int from_left = std::abs(estimate - left), from_above = std::abs(estimate - above),
            from_corner = std::abs(estimate - corner);
  if (from_left <= from_above && from_left <= from_corner) return left;
  return from_above <= from_corner ? above : corner;
}

// What a filter predicts from the neighbours, which are 0 outside the picture.
int prediction(char filter, int left, int above, int corner) {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) / 2;
    case 4:
      return paeth(left, above, corner);
    default:
      return 0;
  }
}

}  // namespace

Image read_png(std::string_view png, std::string_view source) {
  PngChunks chunks(png, source);
  Image image = read_header(chunks, chunks.next());
  std::string data;
  for (PngChunk chunk = chunks.next(); chunk.type != "IEND"; chunk = chunks.next()) {
    if (chunk.type == "IDAT") data += chunk.data;
  }
  const auto height = static_cast<std::size_t>(image.height);
  const std::size_t row_bytes = kChannels * static_cast<std::size_t>(image.width);
  // Deflate makes at most 1032 bytes of one: before memory is taken.
  if (data.size() < height * (row_bytes + 1) / 1032) throw chunks.breach("the pixels are damaged");
  const std::string rows = inflated(chunks, data, height * (row_bytes + 1));
  image.rgb.resize(height * row_bytes);
  for (std::size_t y = 0; y < height; ++y) {
    const char* const in = rows.data() + y * (row_bytes + 1);
    std::uint8_t* const out = image.rgb.data() + y * row_bytes;
    if (in[0] < 0 || in[0] > 4) throw chunks.breach("a row has an unknown filter");
    for (std::size_t x = 0; x < row_bytes; ++x) {
      const int left = x >= kChannels ? out[x - kChannels] : 0;
      const int above = y > 0 ? *(out + x - row_bytes) : 0;
      const int corner = y > 0 && x >= kChannels ? *(out + x - row_bytes - kChannels) : 0;
      out[x] =
          static_cast<std::uint8_t>(static_cast<unsigned char>(in[x + 1]) + prediction(in[0], left, above, corner));
    }
  }
  return image;
}

}  // namespace zimage::io
