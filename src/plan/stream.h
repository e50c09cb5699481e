// What streaming costs: units arrive over the link while the device computes with those that came before.
#pragma once

#include <cstddef>
#include <vector>

namespace zimage::plan {

// The device computes with one unit, in the order of these.
struct Visit {
  double compute = 0;      // seconds
  double transfer = 0;     // seconds over the link; 0: the unit stays on the device
  double disturbance = 0;  // seconds that an upload takes from the computation
  std::size_t slot = 0;    // where it arrives; a unit that still is there does not come again
  std::size_t unit = 0;
};

// All visits once, then again, `repeats` times in all. An upload begins when the one before it is through and its slot
// is no longer read.
double stream_seconds(const std::vector<Visit>& visits, std::size_t repeats);

}  // namespace zimage::plan
