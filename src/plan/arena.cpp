#include "plan/arena.h"

namespace zimage::plan {

Arena all_resident(const Units& units) {
  Arena arena;
  for (const Unit& unit : units) {
    arena.places.push_back({.offset = arena.bytes, .resident = true});
    arena.bytes += unit.bytes;
  }
  return arena;
}

}  // namespace zimage::plan
