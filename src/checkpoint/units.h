// What a plan moves between host and device, from a checkpoint's headers alone.
#pragma once

#include "checkpoint/checkpoint.h"
#include "plan/unit.h"

namespace zimage {

plan::Units units_of(const Checkpoint& checkpoint, const plan::UnitTypes& types);

}  // namespace zimage
