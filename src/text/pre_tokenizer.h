// Where Qwen2's pre-tokenizer pattern cuts a text. The pattern is scanned by hand: a regular-expression engine on text
// from strangers overflows its stack or its patience.
#pragma once

#include <cstddef>
#include <string_view>

namespace zimage::text {

inline constexpr std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// Bytes of the pattern's match at the start of the text, which must be UTF-8. Every text starts with a match; 0 only
// for the empty one. Calling it until the text is used up takes time linear in the text's length.
std::size_t pre_token_bytes(std::string_view text);

}  // namespace zimage::text
