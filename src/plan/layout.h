// Who stays on the device and who takes turns: from how many units stream to a place in the arena for each.
#pragma once

#include "plan/arena.h"
#include "plan/levers.h"

namespace zimage::plan {

constexpr std::uint64_t kPlaceAlignment = 256;

inline std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kPlaceAlignment - 1) / kPlaceAlignment * kPlaceAlignment;
}

// sequential only: how many units stream, spread evenly among those that stay. Of an evaluation's units an even number:
// they take turns in two slots, and the last one of an evaluation must not meet the first one of the next.
struct Residence {
  CpuOffload offload = CpuOffload::none;
  std::size_t streamed_evaluation = 0, streamed_prompt = 0;
};

// No unit moves once it is there.
inline bool keeps_all(const Residence& residence) {
  return residence.offload != CpuOffload::component && residence.streamed_evaluation + residence.streamed_prompt == 0;
}

// Which units stream, by position. sequential only.
std::vector<bool> streamed_units(const Units& units, const Residence& residence);

// Resident units one after the other.
// sequential: behind them two slots, one at each end of a region, in which streamed units alternate in the order of an
// image's visits; the modulations, needed once per schedule, lie over the slots.
// component: the text encoder's layers lie over the transformer's units.
Arena lay_out(const Units& units, const Residence& residence);

}  // namespace zimage::plan
