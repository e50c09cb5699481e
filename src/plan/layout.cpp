#include "plan/layout.h"

#include <algorithm>

namespace zimage::plan {
namespace {

std::vector<std::size_t> positions(const Units& units, Use use) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i].use == use) found.push_back(i);
  }
  return found;
}

// `count` of the positions, as evenly spread as can be.
void mark_spread(std::vector<bool>& marks, const std::vector<std::size_t>& among, std::size_t count) {
  for (std::size_t j = 0; j < count; ++j) marks[among[(2 * j + 1) * among.size() / (2 * count)]] = true;
}

void place_behind(Arena& arena, std::size_t unit, std::uint64_t bytes) {
  arena.places[unit] = {.offset = arena.bytes, .resident = true};
  arena.bytes += aligned(bytes);
}

Arena lay_out_sequential(const Units& units, const Residence& residence) {
  const std::vector<bool> streamed = streamed_units(units, residence);
  Arena arena{0, std::vector<Place>(units.size())};
  std::uint64_t largest = 0, region = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (streamed[i]) largest = std::max(largest, aligned(units[i].bytes));
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    const bool lies_over_slots = units[i].use == Use::schedule && largest > 0;
    if (lies_over_slots) region = std::max(region, aligned(units[i].bytes));
    if (!streamed[i] && !lies_over_slots) place_behind(arena, i, units[i].bytes);
  }
  if (largest == 0) return arena;
  region = std::max(region, 2 * largest);
  const std::uint64_t begin = arena.bytes;
  arena.bytes += region;
  // Backwards: an evaluation begins in the first slot, so what comes before it ends in the last one.
  bool is_last_slot = true;
  for (const Use use : {Use::evaluation, Use::prompt}) {
    is_last_slot = true;
    for (std::size_t i = units.size(); i-- > 0;) {
      if (units[i].use != use || !streamed[i]) continue;
      arena.places[i] = {is_last_slot ? begin + region - aligned(units[i].bytes) : begin, false};
      is_last_slot = !is_last_slot;
    }
  }
  for (const std::size_t i : positions(units, Use::schedule)) arena.places[i] = {begin, false};
  return arena;
}

Arena lay_out_components(const Units& units) {
  Arena arena{0, std::vector<Place>(units.size())};
  const auto is_overlaid = [&](std::size_t i) {
    return units[i].component == Component::transformer && units[i].use != Use::always;
  };
  const auto is_text_layer = [&](std::size_t i) {
    return units[i].component == Component::text_encoder && units[i].use != Use::always;
  };
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!is_overlaid(i) && !is_text_layer(i)) place_behind(arena, i, units[i].bytes);
  }
  std::uint64_t text_end = arena.bytes, transformer_end = arena.bytes;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!is_overlaid(i) && !is_text_layer(i)) continue;
    std::uint64_t& end = is_text_layer(i) ? text_end : transformer_end;
    arena.places[i] = {end, false};
    end += aligned(units[i].bytes);
  }
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::uint64_t other_end = is_text_layer(i) ? transformer_end : text_end;
    if (!arena.places[i].resident) arena.places[i].resident = arena.places[i].offset >= other_end;
  }
  arena.bytes = std::max(text_end, transformer_end);
  return arena;
}

}  // namespace

std::vector<bool> streamed_units(const Units& units, const Residence& residence) {
  std::vector<bool> streamed(units.size(), false);
  if (residence.offload != CpuOffload::sequential) return streamed;
  mark_spread(streamed, positions(units, Use::evaluation), residence.streamed_evaluation);
  mark_spread(streamed, positions(units, Use::prompt), residence.streamed_prompt);
  return streamed;
}

Arena lay_out(const Units& units, const Residence& residence) {
  return residence.offload == CpuOffload::component ? lay_out_components(units) : lay_out_sequential(units, residence);
}

}  // namespace zimage::plan
