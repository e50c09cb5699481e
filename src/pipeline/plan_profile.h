// A plan as a profile tells it.
#pragma once

#include "zimage/profile.h"

#include "plan/plan.h"

namespace zimage {

// "sequential offload, attention by 8 heads, recompute by 1024 rows, VAE strips of 256 rows"; "all resident" where no
// lever is in use.
std::string in_words(const plan::Levers& levers);

PixelLevers pixel_levers(const plan::Levers& levers);

// rung: from 1.
struct PlannedRun {
  const plan::Plan* plan = nullptr;
  int rung = 1;
  int retries = 0;
};
// The budget, the levers.
PlanProfile plan_profile(const PlannedRun& run);
// Of one image; zeros for a stage that the plan does not have.
Prediction prediction(const plan::Plan& plan, Stage stage);

}  // namespace zimage
