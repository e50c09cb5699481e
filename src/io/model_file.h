// Paths of files inside a model folder that may come from a stranger.
#pragma once

#include <filesystem>
#include <string_view>

namespace zimage::io {

// A name that stays inside its folder: no separators (neither kind), not "." or "..", no control characters.
bool is_plain_name(std::string_view name);

// DIR/NAME after these checks: the name is plain; it is a regular file, or a symlink into blobs/ of the Hugging Face
// repository that DIR is a snapshot of. Throws Error(model), also where it is missing.
std::filesystem::path model_file(const std::filesystem::path& dir, std::string_view name);

// The same for a folder, which may not be a symlink.
std::filesystem::path model_subfolder(const std::filesystem::path& dir, std::string_view name);

// Whether anything by that name is there, if only a broken symlink.
bool is_present(const std::filesystem::path& path);

}  // namespace zimage::io
