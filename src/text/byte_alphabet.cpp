#include "text/byte_alphabet.h"

#include "base/text.h"

#include <array>

namespace zimage::text {
namespace {

constexpr char32_t kFirstExtra = 0x100;

constexpr bool names_itself(unsigned byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

struct Alphabet {
  std::array<std::array<char, 2>, 256> names{};
  std::array<std::uint8_t, 256> lengths{};
  std::array<std::uint8_t, 256> extra_bytes{};  // by code point - kFirstExtra
  std::size_t extra_count = 0;
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  for (unsigned byte = 0; byte < 256; ++byte) {
    char32_t c = byte;
    if (!names_itself(byte)) {
      alphabet.extra_bytes[alphabet.extra_count] = static_cast<std::uint8_t>(byte);
      c = kFirstExtra + static_cast<char32_t>(alphabet.extra_count++);
    }
    const bool one_byte = c < 0x80;
    alphabet.lengths[byte] = one_byte ? 1 : 2;
    alphabet.names[byte] = {static_cast<char>(one_byte ? c : 0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

std::optional<std::uint8_t> byte_of(char32_t c) {
  if (c < 256 && names_itself(c)) return static_cast<std::uint8_t>(c);
  if (c >= kFirstExtra && c < kFirstExtra + kAlphabet.extra_count) return kAlphabet.extra_bytes[c - kFirstExtra];
  return std::nullopt;
}

}  // namespace

std::string_view byte_name(std::uint8_t byte) { return {kAlphabet.names[byte].data(), kAlphabet.lengths[byte]}; }

std::string to_byte_names(std::string_view bytes) {
  std::string names;
  names.reserve(bytes.size() * 2);
  for (const char byte : bytes) names += byte_name(static_cast<std::uint8_t>(byte));
  return names;
}

std::optional<std::string> from_byte_names(std::string_view token) {
  std::string bytes;
  while (!token.empty()) {
    const Utf8Char c = first_utf8_char(token);
    const std::optional<std::uint8_t> byte = c.bytes > 0 ? byte_of(c.code_point) : std::nullopt;
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
    token.remove_prefix(c.bytes);
  }
  return bytes;
}

}  // namespace zimage::text
