// The names under which io/file.h writes before a file gets its own, and what is left of them when a process was
// killed.
#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

namespace zimage::io {

constexpr std::string_view kTemporaryStart = ".zimage-", kTemporaryEnd = ".tmp";

// Removes such files that nobody has written to for so long. What cannot be removed stays.
void remove_abandoned(const std::filesystem::path& dir, std::chrono::seconds age);

}  // namespace zimage::io
