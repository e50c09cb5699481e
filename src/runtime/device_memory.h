// What the allocator of a device's memory has held.
#pragma once

#include "zimage/profile.h"

#include <ATen/ATen.h>

namespace zimage {

// The peak since the last call (the first: since the start), counted anew from here on. Waits for nothing.
AllocatorPeak take_allocator_peak(at::Device device);

// Gives back what the allocator keeps of memory that nothing uses any more. Waits for the device.
void release_cached_memory(at::Device device);

}  // namespace zimage
