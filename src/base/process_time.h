// How long this process has been running, from its start and not from main's: loading the libraries counts.
#pragma once

#include <cstdint>

namespace zimage {

// In steps of the kernel's clock tick, 10 ms; 0 where the system does not say.
std::int64_t process_milliseconds();

}  // namespace zimage
