// A prompt read from a text file.
#pragma once

#include <filesystem>
#include <string>

namespace zimage::app {

// UTF-8 text without its byte order mark, CRLF as LF, without the line ends at its end.
// Throws Error(usage) for other bytes, Error(io) when it cannot be read.
std::string read_prompt_file(const std::filesystem::path& path);

}  // namespace zimage::app
