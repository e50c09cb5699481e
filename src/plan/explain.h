// A plan in words and numbers, for people.
#pragma once

#include "plan/plan.h"

#include <string>
#include <vector>

namespace zimage::plan {

// The levers that a stage of the plan uses, as a configuration file spells them: "cpu_offload: sequential".
std::vector<std::string> lever_names(const Plan& plan, Stage stage);

std::string_view stage_name(Stage stage);

// One table: each stage's memory by kind, what moves, how long it takes.
std::string explain(const Plan& plan);

// One line: how much of what is missing, and what would fit.
std::string explain(const Shortfall& shortfall);

// One line a rung.
std::string explain(const std::vector<Plan>& ladder);

}  // namespace zimage::plan
