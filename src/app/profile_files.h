// The files that --profile, --profile-csv and --profile-plot write.
#pragma once

#include "app/output_paths.h"
#include "app/run_profile.h"
#include "config/options.h"

namespace zimage::app {

struct ProfileFiles {
  std::optional<std::filesystem::path> json, csv, plot;
};

// Throws Error(usage) where two of them, or one and a picture's, are the same; Error(io) for what would make writing
// fail later.
ProfileFiles profile_files(const config::Options& options, const std::vector<OutputPaths>& outputs,
                           io::Overwrite overwrite);

void write_profile(const RunProfile& run, const ProfileFiles& files, io::Overwrite overwrite);

}  // namespace zimage::app
