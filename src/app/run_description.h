// The machine, the libraries and the command of this process, for a profile.
#pragma once

#include "app/run_profile.h"

namespace zimage::app {

// Fills in the date, the command, the machine and the libraries; `device` as the pipeline names it.
RunDescription describe_run(const std::string& device);

}  // namespace zimage::app
