#include "app/output_paths.h"

#include "zimage/error.h"

#include "base/text.h"

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

}  // namespace

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
  std::vector<OutputPaths> paths;
  for (std::uint64_t index = 0; index < seeds.count; ++index) {
    OutputPaths next{filled_in(templates.image, seeds.first + index, index), std::nullopt};
    check_writable("--out", next.image, overwrite);
    if (templates.latents) {
      next.latents = filled_in(*templates.latents, seeds.first + index, index);
      if (next.latents->lexically_normal() == next.image.lexically_normal()) {
        throw Error(ErrorKind::usage, "--save-latents " + printable(next.latents->native()) + ": is also --out");
      }
      check_writable("--save-latents", *next.latents, overwrite);
    }
    paths.push_back(std::move(next));
  }
  return paths;
}

}  // namespace zimage::app
