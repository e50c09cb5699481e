// Where each unit's weights lie in the one allocation that holds them all.
#pragma once

#include "plan/unit.h"

namespace zimage::plan {

// Units whose places overlap take turns: whoever is needed is uploaded over the others. A slot of the streamed layers
// is a place that many units share.
struct Place {
  std::uint64_t offset = 0;  // bytes, a multiple of 256
  bool resident = true;      // no other unit's place overlaps this one

  bool operator==(const Place&) const = default;
};

struct Arena {
  std::uint64_t bytes = 0;
  std::vector<Place> places;  // one per unit

  bool operator==(const Arena&) const = default;
};

// One behind the other.
Arena all_resident(const Units& units);

}  // namespace zimage::plan
