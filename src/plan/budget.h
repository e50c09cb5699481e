// How much of the device and of the host a run may take.
#pragma once

#include "plan/plan.h"

namespace zimage::plan {

// What a run leaves to others on the device: 2 % of what is free, at least 256 MiB.
std::uint64_t device_headroom(const Machine& machine);
// min(what the policy gives, what is free less the headroom).
std::uint64_t device_budget(const Machine& machine, const Policy& policy);
// min(what the policy gives, what is available less an eighth of it).
std::uint64_t host_budget(const Machine& machine, const Policy& policy);

}  // namespace zimage::plan
