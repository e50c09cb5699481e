#include "fuzz/repair.h"

#include <cstdint>

namespace zimage::fuzz {
namespace {

constexpr std::size_t kPngSignature = 8, kPngOverhead = 12;

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// PNG specification, annex D, bit by bit.
std::uint32_t crc(const std::string& bytes, std::size_t begin, std::size_t end) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (std::size_t i = begin; i < end; ++i) {
    value ^= static_cast<unsigned char>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0xEDB88320U : 0);
  }
  return ~value;
}

}  // namespace

void repair_safetensors(std::string& bytes) {
  const std::size_t last = bytes.rfind('}');
  if (last == std::string::npos || last < 8) return;
  std::uint64_t length = last + 1 - 8;
  for (std::size_t i = 0; i < 8; ++i, length >>= 8) bytes[i] = static_cast<char>(length & 0xFF);
}

void repair_png(std::string& bytes) {
  for (std::size_t at = kPngSignature; at + kPngOverhead <= bytes.size();) {
    const std::size_t length = big_endian(bytes, at);
    if (length > bytes.size() - at - kPngOverhead) return;
    const std::uint32_t checksum = crc(bytes, at + 4, at + 8 + length);
    for (std::size_t i = 0; i < 4; ++i) bytes[at + 8 + length + i] = static_cast<char>(checksum >> (24 - 8 * i) & 0xFF);
    at += kPngOverhead + length;
  }
}

}  // namespace zimage::fuzz
