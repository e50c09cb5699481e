// Reads the memory that this process has on a device and on the host.
#pragma once

#include "runtime/memory_sampler.h"

#include <string>

namespace zimage {

// device: "cpu" or "cuda:N". To be made before anything of ours is on the device: what the driver counts there now is
// taken as other processes', and what it counts later beyond that as ours. Without the driver's management library the
// reading is all that is used on the device, others' included.
MemorySource memory_source(const std::string& device);

}  // namespace zimage
