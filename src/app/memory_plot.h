// A run's memory over time as a picture: an SVG file that a browser shows.
#pragma once

#include "app/run_profile.h"

namespace zimage::app {

// Areas of what the process has had (on a GPU the device's memory, else the host's), a band for each stage, the
// budget, and each stage's predicted peak. What is unknown is left out.
std::string memory_plot(const RunProfile& run);

}  // namespace zimage::app
