// The chunks of a PNG file that say how it was made.
// Source: PNG specification (third edition), 5.3 "Chunk layout" and 11.3.3 "Textual information".
#pragma once

#include "io/png.h"

namespace zimage::io {

// The same file with the texts inserted right after IHDR. png must be a valid PNG.
std::string with_text(std::string_view png, const PictureText& text);

}  // namespace zimage::io
