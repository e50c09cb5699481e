// What the allocator of a device's memory has held.
#pragma once

#include "zimage/profile.h"

#include <ATen/ATen.h>

namespace zimage {

// The peak since the last call (the first: since the start), counted anew from here on. Waits for nothing.
AllocatorPeak take_allocator_peak(at::Device device);

// Gives back what the allocator keeps of memory that nothing uses any more. Waits for the device.
void release_cached_memory(at::Device device);

// What the allocator has of the device now, used or not; 0 on the CPU.
std::uint64_t reserved_bytes(at::Device device);

// From here on the allocator takes no more of the device than this; what asks for more throws c10::OutOfMemoryError.
void cap_allocator(at::Device device, std::uint64_t bytes);

}  // namespace zimage
