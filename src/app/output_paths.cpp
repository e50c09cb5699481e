#include "app/output_paths.h"

#include "zimage/error.h"

#include "base/text.h"

#include <algorithm>
#include <string_view>
#include <system_error>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

std::string replaced(std::string text, std::string_view placeholder, const std::string& value) {
  for (std::size_t at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at)) {
    text.replace(at, placeholder.size(), value);
    at += value.size();
  }
  return text;
}

fs::path filled_in(const std::string& text, std::uint64_t seed, std::uint64_t index) {
  return replaced(replaced(text, "{seed}", std::to_string(seed)), "{index}", std::to_string(index));
}

void check_distinct(std::string_view option, const std::string& text, std::uint64_t count) {
  const bool distinct = text.find("{seed}") != std::string::npos || text.find("{index}") != std::string::npos;
  if (count > 1 && !distinct) {
    throw Error(ErrorKind::usage, std::string(option) + " " + printable(text) + ": must hold {seed} or {index} for " +
                                      std::to_string(count) + " images");
  }
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

[[noreturn]] void refuse_same(std::string_view option, const fs::path& path, std::string_view other) {
  throw Error(ErrorKind::usage,
              std::string(option) + " " + printable(path.native()) + ": is also " + std::string(other));
}

// A folder that is there or can be made, and the pictures in it.
void check_steps(const OutputPaths& paths, int evaluations, io::Overwrite overwrite) {
  const fs::path& dir = *paths.steps;
  std::error_code ignored;
  const bool is_there = fs::is_directory(dir, ignored);
  if (!is_there) check_writable("--save-steps", dir.has_filename() ? dir : dir.parent_path(), io::Overwrite::no);
  for (int i = 1; i <= evaluations; ++i) {
    const fs::path picture = dir / step_name(i, evaluations);
    if (picture.lexically_normal() == paths.image.lexically_normal()) refuse_same("--save-steps", picture, "--out");
    if (is_there) check_writable("--save-steps", picture, overwrite);
  }
}

void check_image(const fs::path& image, io::Overwrite overwrite) {
  check_writable("--out", image, overwrite);
  picture_format("--out", image);
}

}  // namespace

PictureFormat picture_format(std::string_view option, const fs::path& path) {
  const std::string end = lower(path.extension().string());
  if (path == "-" || end == ".png") return PictureFormat::png;
  if (end == ".jpg" || end == ".jpeg") return PictureFormat::jpeg;
  throw Error(ErrorKind::usage,
              std::string(option) + " " + printable(path.native()) + ": must end with .png, .jpg or .jpeg");
}

std::string step_name(int evaluation, int evaluations) {
  const std::size_t digits = std::max<std::size_t>(2, std::to_string(evaluations).size());
  const std::string number = std::to_string(evaluation);
  return "step-" + std::string(digits - number.size(), '0') + number + ".png";
}

void check_writable(std::string_view option, const fs::path& path, io::Overwrite overwrite) {
  try {
    io::check_writable(path, overwrite);
  } catch (const Error& error) {
    std::string hint;
    std::error_code ignored;
    if (overwrite == io::Overwrite::no && fs::is_regular_file(path, ignored)) hint = " (--force replaces it)";
    throw Error(error.kind(), std::string(option) + " " + error.what() + hint);
  }
}

std::vector<OutputPaths> output_paths(const OutputTemplates& templates, const SeedRange& seeds,
                                      io::Overwrite overwrite) {
  check_distinct("--out", templates.image, seeds.count);
  if (templates.latents) check_distinct("--save-latents", *templates.latents, seeds.count);
  if (templates.steps) check_distinct("--save-steps", *templates.steps, seeds.count);
  std::vector<OutputPaths> paths;
  for (std::uint64_t index = 0; index < seeds.count; ++index) {
    OutputPaths next{filled_in(templates.image, seeds.first + index, index), std::nullopt, std::nullopt};
    if (!next.is_to_standard_output()) check_image(next.image, overwrite);
    if (templates.latents) {
      next.latents = filled_in(*templates.latents, seeds.first + index, index);
      if (next.latents->lexically_normal() == next.image.lexically_normal()) {
        refuse_same("--save-latents", *next.latents, "--out");
      }
      check_writable("--save-latents", *next.latents, overwrite);
    }
    if (templates.steps) {
      next.steps = filled_in(*templates.steps, seeds.first + index, index);
      check_steps(next, templates.evaluations, overwrite);
    }
    paths.push_back(std::move(next));
  }
  return paths;
}

}  // namespace zimage::app
