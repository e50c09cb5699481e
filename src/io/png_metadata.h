// The iTXt chunk of a PNG file that holds the generation's parameters.
// Source: PNG specification (third edition), 5.3 "Chunk layout" and 11.3.3.4 "iTXt International textual data".
#pragma once

#include <string>
#include <string_view>

namespace zimage::io {

// The same file with the chunk inserted right after IHDR. png must be a valid PNG.
std::string with_metadata(std::string_view png, std::string_view text);

}  // namespace zimage::io
