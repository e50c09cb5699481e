#include "runtime/residency.h"

#include "zimage/error.h"

#include <algorithm>
#include <string>

namespace zimage {

Lease::~Lease() {
  if (residency_ != nullptr) residency_->release(unit_);
}

Residency::Residency(const plan::Units& units, const plan::Arena& arena, Transfers& transfers, UnitSource& source)
    : transfers_(transfers), source_(source), units_(units.size()) {
  for (UnitIndex i = 0; i < units.size(); ++i) {
    State& unit = units_[i];
    unit.begin = arena.places[i].offset;
    unit.end = unit.begin + units[i].bytes;
    for (UnitIndex j = 0; j < i; ++j) {
      State& other = units_[j];
      if (std::max(unit.begin, other.begin) >= std::min(unit.end, other.end)) continue;
      if (arena.places[i].resident || arena.places[j].resident) {
        throw Error(ErrorKind::internal, "the place of " + units[i].name + " is also that of " + units[j].name);
      }
      unit.rivals.push_back(j);
      other.rivals.push_back(i);
    }
  }
  for (State& unit : units_) {
    if (unit.rivals.empty()) continue;
    unit.ready = transfers.make_event();
    unit.free = transfers.make_event();
    streams_ = true;
  }
}

Lease Residency::acquire(UnitIndex unit) {
  if (!streams_) return {};
  const std::lock_guard lock(mutex_);
  State& state = units_[unit];
  const int leases = state.leases;
  advance(unit);
  try {
    if (moves(unit)) bring(unit);
    ++state.leases;  // before others are brought: its place is taken
    prefetch();
  } catch (...) {
    state.leases = leases;
    forget();
    throw;
  }
  return {this, unit};
}

void Residency::bring(UnitIndex unit) {
  State& state = units_[unit];
  if (!state.is_present) {
    if (!is_free(state)) throw Error(ErrorKind::internal, "the place of unit " + std::to_string(unit) + " is in use");
    upload(unit);
  }
  if (!state.is_awaited) transfers_.wait(state.ready, Queue::compute);
  state.is_awaited = true;
}

void Residency::release(UnitIndex unit) noexcept {
  const std::lock_guard lock(mutex_);
  State& state = units_[unit];
  --state.leases;
  if (!moves(unit)) return;
  try {
    transfers_.record(state.free, Queue::compute);
    prefetch();
  } catch (...) {  // a device that fails says so at the next call
    forget();
  }
}

void Residency::expect(Visits visits) {
  if (!streams_) return;
  const std::lock_guard lock(mutex_);
  visits_ = std::move(visits);
  next_ = 0;
  try {
    prefetch();
  } catch (...) {
    forget();
    throw;
  }
}

void Residency::overwrite(UnitIndex unit) {
  if (!streams_) return;
  const std::lock_guard lock(mutex_);
  vacate(units_[unit], Queue::compute);
}

void Residency::filled(UnitIndex unit) {
  if (!moves(unit)) return;
  const std::lock_guard lock(mutex_);
  State& state = units_[unit];
  transfers_.record(state.free, Queue::copy);
  state.is_present = state.is_awaited = true;
}

StreamCount Residency::take_count() {
  const std::lock_guard lock(mutex_);
  return std::exchange(count_, {});
}

bool Residency::is_free(const State& unit) const {
  return std::all_of(unit.rivals.begin(), unit.rivals.end(), [this](UnitIndex i) { return units_[i].leases == 0; });
}

// Who was in the place has gone before `queue` goes on.
void Residency::vacate(const State& place, Queue queue) {
  for (const UnitIndex i : place.rivals) {
    State& rival = units_[i];
    if (!rival.is_present) continue;
    rival.is_present = false;
    transfers_.wait(rival.free, queue);
  }
}

void Residency::upload(UnitIndex unit) {
  State& state = units_[unit];
  vacate(state, Queue::copy);
  source_.upload(unit);
  transfers_.record(state.ready, Queue::copy);
  state.is_present = true;
  state.is_awaited = false;
  ++count_.units;
  count_.bytes += state.end - state.begin;
}

void Residency::advance(UnitIndex unit) {
  const auto found = std::find(visits_.begin() + static_cast<std::ptrdiff_t>(next_), visits_.end(), unit);
  if (found != visits_.end()) next_ = static_cast<std::size_t>(found - visits_.begin()) + 1;
}

// In the order of the visits, so that the copy queue never waits for a place that comes free later than another's.
void Residency::prefetch() {
  ++walk_;
  const std::size_t end = std::min(visits_.size(), next_ + units_.size());
  for (std::size_t i = next_; i < end; ++i) {
    State& state = units_[visits_[i]];
    if (moves(visits_[i]) && !state.is_present) {
      const bool is_used_before = std::any_of(state.rivals.begin(), state.rivals.end(),
                                              [this](UnitIndex rival) { return units_[rival].walk == walk_; });
      if (is_used_before || !is_free(state)) return;
      upload(visits_[i]);
    }
    state.walk = walk_;
  }
}

// What is under way comes to its end; whatever moves is then taken as absent.
void Residency::forget() noexcept {
  transfers_.settle();
  for (State& unit : units_) unit.is_present = unit.rivals.empty();
  visits_.clear();
  next_ = 0;
}

}  // namespace zimage
