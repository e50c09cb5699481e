// A plan as a profile tells it.
#pragma once

#include "pipeline/profiler.h"
#include "plan/plan.h"

namespace zimage {

// "sequential offload, attention by 8 heads, recompute by 1024 rows, VAE strips of 256 rows"; "all resident" where no
// lever is in use.
std::string in_words(const plan::Levers& levers);

// What a picture's profile holds of its plan: each stage's prediction, the budget, the levers. rung: from 1.
struct PlannedRun {
  const plan::Plan* plan = nullptr;
  int rung = 1;
  int retries = 0;
};
void describe_plan(Profiler& profiler, const PlannedRun& run);

}  // namespace zimage
