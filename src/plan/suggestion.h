// What to change so that a problem fits that does not.
#pragma once

#include "plan/plan.h"

namespace zimage::plan {

// The change that costs the user least, as options of the command line: a lever that the policy forbids, a smaller
// type, tiles, a smaller image. Each was planned, and fits. Where none does: the least budget that would.
std::string suggest(const Problem& problem, const Machine& machine, const Policy& policy, const Plan& closest);

}  // namespace zimage::plan
