#include "io/jpeg.h"

#include "zimage/error.h"

#include <cassert>

#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

namespace zimage::io {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kStart = "\xFF\xD8"sv;
constexpr unsigned char kComment = 0xFE, kScan = 0xDA, kEnd = 0xD9;
constexpr std::size_t kMaxComment = 65533;  // its length counts its own two bytes

void append(void* context, void* data, int size) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

unsigned byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

Error breach(std::string_view source, const std::string& rule) {
  return Error(ErrorKind::model, std::string(source) + ": JPEG: " + rule);
}

std::string comment_segment(const std::string& comment) {
  if (comment.empty() || comment.size() > kMaxComment) return "";
  const std::size_t length = comment.size() + 2;
  std::string segment = "\xFF\xFE";
  segment += static_cast<char>(length >> 8);
  segment += static_cast<char>(length & 0xFF);
  return segment + comment;
}

}  // namespace

std::string jpeg_bytes(const Image& image, const JpegOptions& options) {
  assert(image.rgb.size() == static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3);
  std::string jpeg;
  if (stbi_write_jpg_to_func(append, &jpeg, image.width, image.height, 3, image.rgb.data(), options.quality) == 0) {
    throw Error(ErrorKind::memory, "JPEG: not enough memory to encode the image");
  }
  // After the JFIF header, which has to be the first.
  const std::size_t header_end = kStart.size() + 2 + (byte_at(jpeg, 4) << 8 | byte_at(jpeg, 5));
  return jpeg.insert(header_end, comment_segment(options.comment));
}

std::optional<std::string> read_jpeg_comment(std::string_view jpeg, std::string_view source) {
  if (!is_jpeg(jpeg)) throw breach(source, "the start is missing");
  for (std::size_t at = kStart.size();;) {
    if (jpeg.size() - at < 4 || jpeg[at] != '\xFF') throw breach(source, "a segment is missing");
    const auto marker = static_cast<unsigned char>(jpeg[at + 1]);
    if (marker == kScan || marker == kEnd) return std::nullopt;
    const std::size_t length = byte_at(jpeg, at + 2) << 8 | byte_at(jpeg, at + 3);
    if (length < 2 || length > jpeg.size() - at - 2) throw breach(source, "a segment is longer than the file");
    if (marker == kComment) return std::string(jpeg.substr(at + 4, length - 2));
    at += 2 + length;
  }
}

bool is_jpeg(std::string_view bytes) { return bytes.starts_with(kStart); }

}  // namespace zimage::io
