// Arenas made by hand, for tests that no planner shall have a say in.
#pragma once

#include "plan/arena.h"

namespace zimage::test {

// Two slots, which all units share in turns in the order of the list; beside them what is always in use, and as many
// blocks of the transformer's evaluation as asked, spread evenly.
plan::Arena two_slots(const plan::Units& units, std::size_t resident_blocks);

// The text encoder's layers lie where the transformer's blocks do: one component leaves when the other comes.
plan::Arena overlaid(const plan::Units& units);

}  // namespace zimage::test
