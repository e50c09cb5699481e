// The values that each lever may take: one where the policy fixes it, else those that are worth trying.
#pragma once

#include "plan/plan.h"

namespace zimage::plan {

std::vector<ActivationLevers> activation_choices(const Problem& problem, const Policy& policy);
std::vector<VaeLevers> vae_choices(const Problem& problem, const Policy& policy);

}  // namespace zimage::plan
