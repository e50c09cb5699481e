// RGB8 pictures as PNG files in memory, with the generation's parameters as JSON text inside.
#pragma once

#include "zimage/image.h"

#include <optional>
#include <string>
#include <string_view>

namespace zimage::io {

// A complete PNG file. metadata_json (UTF-8) goes into an iTXt chunk with the keyword "zimage", right after the header.
// Throws Error(memory) when the encoder cannot have its buffers.
std::string png_bytes(const Image& image, std::string_view metadata_json);

// The text of the first iTXt chunk with the keyword "zimage", if there is one.
// Throws Error(model) "SOURCE: rule" for bytes that are no PNG or whose chunks are damaged.
std::optional<std::string> read_png_metadata(std::string_view png, std::string_view source);

}  // namespace zimage::io
