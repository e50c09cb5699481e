// What a plan moves between host and device, from a checkpoint's headers alone.
#pragma once

#include "checkpoint/weight_layout.h"

namespace zimage {

// One behind the other.
plan::Units units_of(const UnitLayouts& layouts);

plan::Units units_of(const Checkpoint& checkpoint, const plan::UnitTypes& types);

}  // namespace zimage
