#include "runtime/host_weights.h"

#include "base/log.h"

#include <c10/core/DeviceGuard.h>

#include <string>

namespace zimage {

HostWeights::HostWeights(const plan::Units& units, const plan::Arena& arena, std::uint64_t bytes)
    : held_(units.size()) {
  for (const plan::Use use : {plan::Use::evaluation, plan::Use::prompt, plan::Use::schedule, plan::Use::always}) {
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (units[i].use != use || arena.places[i].resident || units[i].bytes > bytes) continue;
      bytes -= units[i].bytes;
      held_[i].is_held = true;
      held_[i].bytes = units[i].bytes;
    }
  }
}

void HostWeights::allocate(std::size_t unit, at::Device device) {
  const bool pinned_so_far = pageable_bytes() == 0;
  auto block = std::make_unique<HostBlock>(held_[unit].bytes);
  const c10::DeviceGuard guard(device);
  if (device.is_cuda() && !block->pin() && pinned_so_far) {
    log::warning("the system pins no more than " + std::to_string(pinned_bytes() >> 20) +
                 " MiB of host memory: the weights beyond that reach the GPU several times slower");
  }
  held_[unit].block = std::move(block);
}

std::uint64_t HostWeights::pinned_bytes() const { return bytes_where(true); }
std::uint64_t HostWeights::pageable_bytes() const { return bytes_where(false); }

std::uint64_t HostWeights::bytes_where(bool pinned) const {
  std::uint64_t sum = 0;
  for (const Held& held : held_) {
    if (held.block && held.block->is_pinned() == pinned) sum += held.bytes;
  }
  return sum;
}

}  // namespace zimage
