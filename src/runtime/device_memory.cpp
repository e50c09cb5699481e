#include "runtime/device_memory.h"

#include "runtime/cuda_runtime.h"

#include <c10/core/CachingDeviceAllocator.h>

namespace zimage {

AllocatorPeak take_allocator_peak(at::Device device) {
  if (device.is_cpu()) return {};
  c10::DeviceAllocator* const allocator = c10::getDeviceAllocator(device.type());
  const c10::CachingDeviceAllocator::DeviceStats stats = allocator->getDeviceStats(device.index());
  allocator->resetPeakStats(device.index());
  // The first of each is the sum over all pools.
  return {static_cast<std::uint64_t>(stats.allocated_bytes[0].peak),
          static_cast<std::uint64_t>(stats.reserved_bytes[0].peak)};
}

void release_cached_memory(at::Device device) {
  if (!device.is_cpu()) c10::getDeviceAllocator(device.type())->emptyCache();
}

std::uint64_t reserved_bytes(at::Device device) {
  if (device.is_cpu()) return 0;
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  return static_cast<std::uint64_t>(stats.reserved_bytes[0].current);
}

void cap_allocator(at::Device device, std::uint64_t bytes) {
  if (!device.is_cpu()) cap_device_allocator(device.index(), bytes);
}

}  // namespace zimage
