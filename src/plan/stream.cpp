#include "plan/stream.h"

#include <algorithm>
#include <optional>

namespace zimage::plan {
namespace {

struct Slot {
  std::optional<std::size_t> holds;
  double free = 0;  // when the unit that it holds has been used
};

class Timeline {
 public:
  explicit Timeline(std::size_t slots) : slots_(slots) {}

  void run(const Visit& visit) {
    if (visit.transfer > 0) {
      Slot& slot = slots_[visit.slot];
      if (slot.holds != visit.unit) {
        copied_ = std::max(copied_, slot.free) + visit.transfer;
        slot.holds = visit.unit;
        computed_ = std::max(computed_ + visit.disturbance, copied_);
      }
      slot.free = computed_ + visit.compute;
    }
    computed_ += visit.compute;
  }
  double seconds() const { return computed_; }

 private:
  std::vector<Slot> slots_;
  double copied_ = 0, computed_ = 0;  // when each queue is through
};

}  // namespace

double stream_seconds(const std::vector<Visit>& visits, std::size_t repeats) {
  constexpr std::size_t kUntilSteady = 3;
  std::size_t slots = 1;
  for (const Visit& visit : visits) slots = std::max(slots, visit.slot + 1);
  Timeline timeline(slots);
  double before = 0;
  const std::size_t simulated = std::min(repeats, kUntilSteady);
  for (std::size_t i = 0; i < simulated; ++i) {
    before = timeline.seconds();
    for (const Visit& visit : visits) timeline.run(visit);
  }
  return timeline.seconds() + static_cast<double>(repeats - simulated) * (timeline.seconds() - before);
}

}  // namespace zimage::plan
