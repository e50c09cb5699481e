#include "app/profile_files.h"

#include "zimage/error.h"

#include "app/memory_plot.h"
#include "app/memory_timeline.h"
#include "base/text.h"

#include <map>
#include <span>

namespace zimage::app {
namespace {

namespace fs = std::filesystem;

// Files that are taken, and the option that names each.
using Taken = std::map<fs::path, std::string>;

std::optional<fs::path> take(const std::string& option, const std::optional<std::string>& value, Taken& taken) {
  if (!value) return std::nullopt;
  const fs::path path = *value;
  const auto [place, is_new] = taken.emplace(path.lexically_normal(), option);
  if (!is_new) {
    throw Error(ErrorKind::usage, option + " " + printable(path.native()) + ": is also " + place->second);
  }
  return path;
}

void write(const fs::path& path, const std::string& text, io::Overwrite overwrite) {
  io::write_atomically(path, std::as_bytes(std::span(text)), overwrite);
}

}  // namespace

ProfileFiles profile_files(const config::Options& options, const std::vector<OutputPaths>& outputs,
                           io::Overwrite overwrite) {
  Taken taken;
  for (const OutputPaths& paths : outputs) {
    taken.emplace(paths.image.lexically_normal(), "--out");
    if (paths.latents) taken.emplace(paths.latents->lexically_normal(), "--save-latents");
  }
  const bool has_json = options.profile && !options.profile->empty();  // --profile alone is the table
  ProfileFiles files{.json = take("--profile", has_json ? options.profile : std::nullopt, taken),
                     .csv = take("--profile-csv", options.profile_csv, taken),
                     .plot = take("--profile-plot", options.profile_plot, taken)};
  if (files.json) check_writable("--profile", *files.json, overwrite);
  if (files.csv) check_writable("--profile-csv", *files.csv, overwrite);
  if (files.plot) check_writable("--profile-plot", *files.plot, overwrite);
  return files;
}

void write_profile(const RunProfile& run, const ProfileFiles& files, io::Overwrite overwrite) {
  if (files.json) write(*files.json, profile_json(run), overwrite);
  if (files.csv) write(*files.csv, timeline_csv(run.samples), overwrite);
  if (files.plot) write(*files.plot, memory_plot(run), overwrite);
}

}  // namespace zimage::app
