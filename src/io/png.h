// RGB8 pictures as PNG files in memory, with how they were made as text inside.
#pragma once

#include "zimage/image.h"

#include <optional>
#include <string>
#include <string_view>

namespace zimage::io {

// How a picture was made, in UTF-8. What is empty is left out.
struct PictureText {
  std::string json;        // ours
  std::string parameters;  // as other programs write and read it
};

// A complete PNG file. The texts come right after the header, with the keywords "zimage" (iTXt) and "parameters" (tEXt
// where it is ASCII, else iTXt). Throws Error(memory) when the encoder cannot have its buffers.
std::string png_bytes(const Image& image, const PictureText& text);

// The text of the first iTXt chunk with the keyword "zimage", if there is one.
// Throws Error(model) "SOURCE: rule" for bytes that are no PNG or whose chunks are damaged.
std::optional<std::string> read_png_metadata(std::string_view png, std::string_view source);

// Both texts, of any program: tEXt and iTXt that is not compressed, Latin-1 turned into UTF-8. Throws as above.
PictureText read_png_text(std::string_view png, std::string_view source);

}  // namespace zimage::io
