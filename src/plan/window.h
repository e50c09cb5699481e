// How many images go through a stage before the next one begins.
#pragma once

#include "plan/plan.h"

namespace zimage::plan {

// plan: made for such images. As many as it takes for what a window brings over the link but once, the text encoder, to
// come below 2 % of its time; the plan's batch where nothing of that moves: a crash then loses least. At most 64, and
// what fits the host with their prompts' embeddings and pixels.
int window_images(const Plan& plan, const Problem& problem, const Machine& machine);

}  // namespace zimage::plan
