// Which units' weights are on the device, and when the others come: each has a fixed place in the arena, and units
// whose places overlap take turns. Whoever computes with a unit holds a lease on it.
#pragma once

#include "plan/arena.h"
#include "runtime/transfers.h"

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace zimage {

// By its position in the list of units.
using UnitIndex = std::size_t;
// The units that a run is going to use, in order.
using Visits = std::vector<UnitIndex>;

class Residency;

// While it lives, its unit stays in its place. Nothing waits when it ends: the device is told when it is done.
class Lease {
 public:
  Lease() = default;
  Lease(Residency* residency, UnitIndex unit) : residency_(residency), unit_(unit) {}
  ~Lease();
  Lease(Lease&& other) noexcept : residency_(std::exchange(other.residency_, nullptr)), unit_(other.unit_) {}
  Lease& operator=(Lease&&) = delete;

 private:
  Residency* residency_ = nullptr;  // null: a unit that never moves
  UnitIndex unit_ = 0;
};

// Brings units into their places.
class UnitSource {
 public:
  UnitSource() = default;
  virtual ~UnitSource() = default;
  UnitSource(const UnitSource&) = delete;
  UnitSource& operator=(const UnitSource&) = delete;

  // Gives the copy queue what fills the unit's place.
  virtual void upload(UnitIndex unit) = 0;
};

struct StreamCount {
  std::uint64_t units = 0, bytes = 0;  // brought over the link
};

class Residency {
 public:
  // Both outlive this.
  Residency(const plan::Units& units, const plan::Arena& arena, Transfers& transfers, UnitSource& source);

  // The unit is in its place for all that the current stream is given while the lease lives. Waits for the device only
  // where a unit comes from files. Throws what stopped its upload, and Error(internal) where its place is in use.
  Lease acquire(UnitIndex unit);

  // From here on units are brought ahead of their use, as early as their places are free. A unit that is then acquired
  // in another order comes all the same, later.
  void expect(Visits visits);

  // Lets the calling thread fill the unit's place: what the current stream is given comes after all that used it.
  void overwrite(UnitIndex unit);
  // The unit is in its place; the copy queue is still reading it.
  void filled(UnitIndex unit);

  // Shares its place with another one.
  bool moves(UnitIndex unit) const { return !units_[unit].rivals.empty(); }
  bool streams() const { return streams_; }
  // Since the last call.
  StreamCount take_count();
  // As those of Transfers.
  void lap() { transfers_.lap(); }
  std::vector<TransferSeconds> take_laps() { return transfers_.take_laps(); }

 private:
  friend Lease;

  struct State {
    std::uint64_t begin = 0, end = 0;  // its place
    std::vector<UnitIndex> rivals;     // whose places overlap it
    Transfers::Event ready = 0;        // behind its upload
    Transfers::Event free = 0;         // behind its last use
    bool is_present = false;
    bool is_awaited = true;  // the compute queue has been told to wait for `ready`
    int leases = 0;
    std::uint64_t walk = 0;  // the last walk over the visits that passed it
  };

  bool is_free(const State& unit) const;
  void bring(UnitIndex unit);
  void upload(UnitIndex unit);
  void vacate(const State& place, Queue queue);
  void advance(UnitIndex unit);
  void prefetch();
  void release(UnitIndex unit) noexcept;
  void forget() noexcept;

  Transfers& transfers_;
  UnitSource& source_;
  bool streams_ = false;  // some unit moves
  std::mutex mutex_;      // of all that follows
  std::vector<State> units_;
  Visits visits_;
  std::size_t next_ = 0;  // of visits_
  std::uint64_t walk_ = 0;
  StreamCount count_;
};

}  // namespace zimage
