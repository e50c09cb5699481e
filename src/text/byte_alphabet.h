// GPT-2's names for bytes: each of the 256 is shown by one printable character, in which vocabularies are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zimage::text {

// The character, in UTF-8, that stands for the byte: itself for most of Latin-1, from U+0100 on for the others.
std::string_view byte_name(std::uint8_t byte);

std::string to_byte_names(std::string_view bytes);

// The bytes that a token of the vocabulary stands for; nothing if it holds a character that names no byte.
std::optional<std::string> from_byte_names(std::string_view token);

}  // namespace zimage::text
