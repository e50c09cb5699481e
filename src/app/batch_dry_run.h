// zimage batch --dry-run: what a list will take, before anything is drawn or written.
#pragma once

#include "app/batch_list.h"

#include <string>

namespace zimage::app {

// Lines for standard output: how many images of each kind, what each takes by the plan, and all of them together.
// Throws Error(memory) for a kind that does not fit, Error(model).
std::string dry_run_text(const BatchJob& job, const config::Options& options, const ListSurvey& survey);

}  // namespace zimage::app
