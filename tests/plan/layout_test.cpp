// Places in the arena: nobody lies on a resident unit, and units that stream one after the other never meet.
#include "plan/layout.h"

#include "plan/full_model.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace zimage {
namespace {

using namespace plan;
using test::full_problem;

struct Span {
  std::uint64_t begin, end;
};

bool overlap(const Span& a, const Span& b) { return std::max(a.begin, b.begin) < std::min(a.end, b.end); }

Span span_of(const Units& units, const Arena& arena, std::size_t i) {
  return {arena.places[i].offset, arena.places[i].offset + units[i].bytes};
}

void expect_sound(const Units& units, const Arena& arena) {
  ASSERT_EQ(arena.places.size(), units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    EXPECT_EQ(arena.places[i].offset % kPlaceAlignment, 0U) << units[i].name;
    EXPECT_LE(span_of(units, arena, i).end, arena.bytes) << units[i].name;
    if (!arena.places[i].resident) continue;
    for (std::size_t j = 0; j < units.size(); ++j) {
      EXPECT_FALSE(i != j && overlap(span_of(units, arena, i), span_of(units, arena, j)))
          << units[i].name << " and " << units[j].name;
    }
  }
}

// The streamed units in the order of an image: its prompt's, then three evaluations'.
std::vector<std::size_t> streamed_visits(const Units& units, const Arena& arena) {
  std::vector<std::size_t> visits;
  const auto append = [&](Use use) {
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (units[i].use == use && !arena.places[i].resident) visits.push_back(i);
    }
  };
  append(Use::prompt);
  for (int evaluation = 0; evaluation < 3; ++evaluation) append(Use::evaluation);
  return visits;
}

TEST(Layout, streamed_neighbours_never_share_a_slot) {
  const Units units = full_problem().units;
  for (std::size_t evaluation = 0; evaluation <= 32; evaluation += 2) {
    for (std::size_t prompt = 0; prompt <= 37; ++prompt) {
      const Arena arena = lay_out(units, {CpuOffload::sequential, evaluation, prompt});
      expect_sound(units, arena);
      const std::vector<std::size_t> visits = streamed_visits(units, arena);
      EXPECT_EQ(visits.size(), prompt + 3 * evaluation);
      for (std::size_t i = 1; i < visits.size(); ++i) {
        EXPECT_FALSE(overlap(span_of(units, arena, visits[i - 1]), span_of(units, arena, visits[i])))
            << units[visits[i - 1]].name << " and " << units[visits[i]].name << " of " << evaluation << " and "
            << prompt;
      }
    }
  }
}

TEST(Layout, streamed_units_lie_evenly_among_those_that_stay) {
  const Units units = full_problem().units;
  for (std::size_t count = 2; count <= 32; count += 2) {
    const std::vector<bool> streams = streamed_units(units, {CpuOffload::sequential, count, 0});
    std::vector<std::size_t> found;
    std::size_t position = 0;
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (units[i].use != Use::evaluation) continue;
      if (streams[i]) found.push_back(position);
      ++position;
    }
    ASSERT_EQ(found.size(), count);
    for (std::size_t i = 1; i < count; ++i) {
      EXPECT_GE(found[i] - found[i - 1], 32 / count);
      EXPECT_LE(found[i] - found[i - 1], 32 / count + 1);
    }
  }
}

TEST(Layout, modulations_lie_over_the_slots) {
  const Units units = full_problem().units;
  const auto modulation =
      std::find_if(units.begin(), units.end(), [](const Unit& u) { return u.use == Use::schedule; });
  const auto index = static_cast<std::size_t>(modulation - units.begin());
  EXPECT_TRUE(lay_out(units, {}).places[index].resident);
  const Arena arena = lay_out(units, {CpuOffload::sequential, 32, 37});
  EXPECT_FALSE(arena.places[index].resident);
  std::uint64_t small = 0;
  for (const Unit& unit : units) small += unit.use == Use::always ? aligned(unit.bytes) : 0;
  EXPECT_EQ(arena.bytes, small + 2 * aligned(units.back().bytes > 0 ? 176'947'200ULL * 2 + 62'464 : 0));
}

TEST(Layout, components_lie_over_each_other) {
  const Units units = full_problem().units;
  const Arena arena = lay_out(units, {CpuOffload::component, 0, 0});
  expect_sound(units, arena);
  std::uint64_t transformer = 0, always = 0;
  for (const Unit& unit : units) {
    (unit.use == Use::always                    ? always
     : unit.component == Component::transformer ? transformer
                                                : always) +=
        unit.component == Component::text_encoder && unit.use != Use::always ? 0 : aligned(unit.bytes);
  }
  EXPECT_EQ(arena.bytes, always + transformer);  // the text encoder is smaller
  EXPECT_TRUE(std::none_of(units.begin(), units.end(), [&](const Unit& unit) {
    return unit.component == Component::text_encoder && unit.use == Use::prompt &&
           arena.places[static_cast<std::size_t>(&unit - units.data())].resident;
  }));
}

}  // namespace
}  // namespace zimage
