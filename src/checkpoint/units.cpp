#include "checkpoint/units.h"

namespace zimage {

plan::Units units_of(const UnitLayouts& layouts) {
  plan::Units units;
  for (const UnitLayout& layout : layouts) units.push_back(layout.unit);
  return units;
}

plan::Units units_of(const Checkpoint& checkpoint, const plan::UnitTypes& types) {
  return units_of(layouts_of(checkpoint, types, ImageOrder::channels_first));
}

}  // namespace zimage
