// What the allocator of a device's memory has held.
#pragma once

#include "zimage/profile.h"

#include <ATen/ATen.h>

namespace zimage {

// The peak since the last call (the first: since the start), counted anew from here on. Waits for nothing.
AllocatorPeak take_allocator_peak(at::Device device);

}  // namespace zimage
