// Memory of the host as this process may use it.
#pragma once

#include <cstdint>

namespace zimage {

// Bytes that can be taken without swapping: the kernel's MemAvailable, bounded by the control group's limit.
std::uint64_t available_host_bytes();

// This process' resident set now; 0 where the system does not tell.
std::uint64_t resident_bytes();

// The largest resident set that this process has had.
std::uint64_t peak_resident_bytes();

}  // namespace zimage
