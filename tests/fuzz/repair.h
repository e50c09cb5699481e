// Bytes changed at random made consistent again where the format has a length or checksums; the size stays.
#pragma once

#include <string>

namespace zimage::fuzz {

// The 8 bytes of length in front: what stands up to the last '}'.
void repair_safetensors(std::string& bytes);
// Every chunk's CRC, as far as the chunks' lengths lead.
void repair_png(std::string& bytes);

}  // namespace zimage::fuzz
