// The chunks of a PNG file, one after the other, each checked against its checksum.
// Source: PNG specification (third edition), 5.2 "PNG signature" and 5.3 "Chunk layout".
#pragma once

#include "zimage/error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace zimage::io {

struct PngChunk {
  std::string_view type, data;
};

class PngChunks {
 public:
  // Throws Error(model) "SOURCE: PNG: rule" for bytes that are no PNG. Both must outlive this.
  PngChunks(std::string_view png, std::string_view source);

  // Throws Error(model) for a chunk that is damaged or not there.
  PngChunk next();
  Error breach(const std::string& rule) const;

 private:
  std::string_view rest_, source_;
};

std::uint32_t png_checksum(std::string_view type_and_data);
// The first four bytes as a number.
std::uint32_t from_big_endian(std::string_view bytes);

}  // namespace zimage::io
