// The files that a generation writes for each image.
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
  std::optional<std::string> steps;    // --save-steps
  int evaluations = 0;                 // pictures in the folder of --save-steps
};

struct SeedRange {
  std::uint64_t first = 0;
  std::uint64_t count = 1;  // first, first + 1, ...
};

struct OutputPaths {
  std::filesystem::path image;  // "-": standard output
  std::optional<std::filesystem::path> latents;
  std::optional<std::filesystem::path> steps;  // a folder

  bool is_to_standard_output() const { return image == "-"; }
};

enum class PictureFormat { png, jpeg };

// By the end of its name; standard output takes a PNG. Throws Error(usage) for another end, naming the option.
PictureFormat picture_format(std::string_view option, const std::filesystem::path& path);

// Of the picture after this evaluation, from 1: "step-01.png", with as many digits as the last one needs.
std::string step_name(int evaluation, int evaluations);

// {seed} and {index} (from 0) filled in, image by image.
// Throws Error(usage) when two files would have one name, Error(io) for what would make writing fail later.
std::vector<OutputPaths> output_paths(const OutputTemplates& templates, const SeedRange& seeds,
                                      io::Overwrite overwrite);

// Throws Error(io), naming the option, for what would make writing this file fail later.
void check_writable(std::string_view option, const std::filesystem::path& path, io::Overwrite overwrite);

}  // namespace zimage::app
