// A prompt read from a text file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace zimage::app {

// UTF-8 text without its byte order mark, CRLF as LF, without the line ends at its end.
// Throws Error(usage) for other bytes, Error(io) when it cannot be read.
std::string read_prompt_file(const std::filesystem::path& path);

constexpr std::size_t kMaxPromptBytes = 16u << 20;

// The same of bytes that were read elsewhere; source: as messages name it. Throws Error(usage).
std::string prompt_of_bytes(std::string_view bytes, const std::string& source);

}  // namespace zimage::app
