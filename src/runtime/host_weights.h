// The weights that are not always on the device: their bytes in host memory, in the form that they have there.
#pragma once

#include "plan/arena.h"
#include "runtime/host_block.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace zimage {

class HostWeights {
 public:
  // Holds as many of the units without a place of their own as go into `bytes`, those first that an image needs most
  // often. Takes no memory yet.
  HostWeights(const plan::Units& units, const plan::Arena& arena, std::uint64_t bytes);

  // What it does not hold comes from its files each time.
  bool holds(std::size_t unit) const { return held_[unit].is_held; }
  // Takes the unit's memory, pinned where `device` is a GPU. Throws std::bad_alloc.
  void allocate(std::size_t unit, at::Device device);
  // After allocate.
  std::byte* data(std::size_t unit) const { return held_[unit].block->data(); }

  std::uint64_t pinned_bytes() const;
  std::uint64_t pageable_bytes() const;

 private:
  struct Held {
    bool is_held = false;
    std::uint64_t bytes = 0;
    std::unique_ptr<HostBlock> block;
  };

  std::uint64_t bytes_where(bool pinned) const;

  std::vector<Held> held_;  // by unit
};

}  // namespace zimage
