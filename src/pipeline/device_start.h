// Brings a device up, which needs nothing of the checkpoint, and sees what that alone takes of its memory.
#pragma once

#include "runtime/weight_reader.h"

#include <cstdint>
#include <future>
#include <memory>
#include <string>

namespace zimage {

struct StartedDevice {
  std::unique_ptr<WeightReader> reader;
  std::uint64_t context_bytes = 0;  // of the device, taken by this process' context; 0 on the CPU
};

// device: as resolve_device returns it.
std::future<StartedDevice> start_device(const std::string& device);

}  // namespace zimage
