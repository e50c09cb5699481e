// RGB8 pictures as JPEG files in memory, with how they were made as a comment inside.
// Source: ITU-T T.81, annex B "Compressed data formats".
#pragma once

#include "zimage/image.h"

#include <optional>
#include <string>
#include <string_view>

namespace zimage::io {

struct JpegOptions {
  int quality = 95;     // 1 to 100; colours have half the pixels a side up to 90
  std::string comment;  // UTF-8; left out where it is empty or longer than a comment may be, 65,533 bytes
};

// A complete JPEG file. Throws Error(memory) when the encoder cannot have its buffers.
std::string jpeg_bytes(const Image& image, const JpegOptions& options);

// The first comment, if there is one. Throws Error(model) "SOURCE: JPEG: rule" for bytes that are no JPEG or whose
// segments are damaged before the pixels begin.
std::optional<std::string> read_jpeg_comment(std::string_view jpeg, std::string_view source);

bool is_jpeg(std::string_view bytes);

}  // namespace zimage::io
