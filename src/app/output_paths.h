// The files that a generation writes, one or two per image.
#pragma once

#include "io/file.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::app {

struct OutputTemplates {
  std::string image;                   // --out
  std::optional<std::string> latents;  // --save-latents
};

struct SeedRange {
  std::uint64_t first = 0;
  std::uint64_t count = 1;  // first, first + 1, ...
};

struct OutputPaths {
  std::filesystem::path image;
  std::optional<std::filesystem::path> latents;
};

// {seed} and {index} (from 0) filled in, image by image.
// Throws Error(usage) when two files would have one name, Error(io) for what would make writing fail later.
std::vector<OutputPaths> output_paths(const OutputTemplates& templates, const SeedRange& seeds,
                                      io::Overwrite overwrite);

// Throws Error(io), naming the option, for what would make writing this file fail later.
void check_writable(std::string_view option, const std::filesystem::path& path, io::Overwrite overwrite);

}  // namespace zimage::app
