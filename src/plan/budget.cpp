#include "plan/budget.h"

#include <algorithm>

namespace zimage::plan {
namespace {

constexpr std::uint64_t kLeastHeadroom = 256ULL << 20;
constexpr std::uint64_t kDeviceParts = 50, kHostParts = 8;

}  // namespace

std::uint64_t device_headroom(const Machine& machine) {
  return std::max(kLeastHeadroom, machine.free_bytes / kDeviceParts);
}

std::uint64_t device_budget(const Machine& machine, const Policy& policy) {
  const std::uint64_t headroom = std::min(device_headroom(machine), machine.free_bytes);
  const std::uint64_t available = machine.free_bytes - headroom;
  return std::min(policy.budget_bytes.value_or(available), available);
}

std::uint64_t host_budget(const Machine& machine, const Policy& policy) {
  const std::uint64_t available = machine.host_bytes - machine.host_bytes / kHostParts;
  return std::min(policy.host_budget_bytes.value_or(available), available);
}

}  // namespace zimage::plan
