// The ways in which weights can move between host and device, and how long that takes beside the computation.
#pragma once

#include "plan/layout.h"
#include "plan/plan.h"
#include "plan/stream.h"

namespace zimage::plan {

// Which units stream, with what it takes on the device.
struct Movement {
  Residence residence;
  std::uint64_t arena_bytes = 0;
  double encode = 0;    // seconds
  double caption = 0;   // of the caption's refiner
  std::size_t row = 0;  // of the ways to stream an evaluation's units
};

// One evaluation's units, in order: which come over the link and how long that takes.
using EvaluationRow = std::vector<Visit>;  // without the seconds of computation

struct Movements {
  std::vector<Movement> all;
  std::vector<EvaluationRow> rows;
};

// Those that the policy allows.
Movements movements(const Problem& problem, const Machine& machine, const Policy& policy);

}  // namespace zimage::plan
