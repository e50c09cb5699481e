#include "checkpoint/units.h"

#include "checkpoint/weight_layout.h"

namespace zimage {
namespace {

void append(plan::Units& units, const UnitLayouts& layouts) {
  for (const UnitLayout& layout : layouts) units.push_back(layout.unit);
}

}  // namespace

plan::Units units_of(const Checkpoint& checkpoint, const plan::UnitTypes& types) {
  plan::Units units;
  append(units, lay_out(checkpoint.text_encoder(), text_encoder_layout(types.model)));
  append(units, lay_out(checkpoint.transformer(), transformer_layout(types.model)));
  append(units, lay_out(checkpoint.vae(), vae_layout(types.vae, ImageOrder::channels_first)));
  return units;
}

}  // namespace zimage
