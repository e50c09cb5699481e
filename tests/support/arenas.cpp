#include "support/arenas.h"

#include <algorithm>

namespace zimage::test {
namespace {

// One behind the other.
class Line {
 public:
  explicit Line(std::uint64_t begin) : end_(begin) {}
  plan::Place take(const plan::Unit& unit, bool resident) {
    const plan::Place place{end_, resident};
    end_ += unit.bytes;
    return place;
  }
  std::uint64_t end() const { return end_; }

 private:
  std::uint64_t end_;
};

// Which units do not stay: of each run of blocks of an evaluation, `resident` evenly spread ones do.
std::vector<bool> streamed_units(const plan::Units& units, std::size_t resident) {
  const auto evaluated = [](const plan::Unit& unit) { return unit.use == plan::Use::evaluation; };
  const std::size_t blocks = static_cast<std::size_t>(std::count_if(units.begin(), units.end(), evaluated));
  const std::size_t streamed = blocks - std::min(resident, blocks);
  std::vector<bool> result;
  std::size_t block = 0;
  for (const plan::Unit& unit : units) {
    if (!evaluated(unit)) {
      result.push_back(unit.use != plan::Use::always);
      continue;
    }
    result.push_back((block + 1) * streamed / blocks > block * streamed / blocks);
    ++block;
  }
  return result;
}

}  // namespace

plan::Arena two_slots(const plan::Units& units, std::size_t resident_blocks) {
  const std::vector<bool> streamed = streamed_units(units, resident_blocks);
  std::uint64_t slot = 0, both = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!streamed[i]) continue;
    if (units[i].use != plan::Use::schedule) slot = std::max(slot, units[i].bytes);
    both = std::max({both, 2 * slot, units[i].bytes});  // what is used once per schedule may fill both
  }
  plan::Arena arena;
  Line line(both);
  std::size_t turn = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (!streamed[i]) {
      arena.places.push_back(line.take(units[i], /*resident=*/true));
    } else {
      const bool first = units[i].use == plan::Use::schedule || turn++ % 2 == 0;
      arena.places.push_back({first ? 0 : slot, /*resident=*/false});
    }
  }
  arena.bytes = line.end();
  return arena;
}

plan::Arena overlaid(const plan::Units& units) {
  plan::Arena arena;
  Line text(0), transformer(0);
  for (const plan::Unit& unit : units) {
    const bool stays = unit.use == plan::Use::always;
    Line& line = unit.component == plan::Component::text_encoder ? text : transformer;
    arena.places.push_back(stays ? plan::Place{} : line.take(unit, /*resident=*/false));
  }
  Line rest(std::max(text.end(), transformer.end()));
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i].use == plan::Use::always) arena.places[i] = rest.take(units[i], /*resident=*/true);
  }
  arena.bytes = rest.end();
  return arena;
}

}  // namespace zimage::test
