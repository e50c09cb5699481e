// What `zimage plan` prints.
#pragma once

#include "plan/plan.h"

#include <string>
#include <vector>

namespace zimage::app {

struct PlanReport {
  std::string title;  // the model, the image, the machine
  plan::Outcome outcome;
  std::vector<plan::Plan> ladder;  // with --all
};

std::string report_text(const PlanReport& report);
std::string report_json(const PlanReport& report);  // one line

}  // namespace zimage::app
