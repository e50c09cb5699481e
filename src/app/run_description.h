// The machine, the libraries and the command of this process, for a profile.
#pragma once

#include "app/run_profile.h"
#include "runtime/nvml.h"

namespace zimage::app {

// Fills in the date, the command, the machine and the libraries; `device` as the pipeline names it.
RunDescription describe_run(const std::string& device);

// What the driver counts as used on each GPU now, by PCI bus id; empty without the driver's library. Taken before CUDA
// starts, it is what other processes have.
class DeviceMemoryMeter {
 public:
  DeviceMemoryMeter();
  // Of this GPU beyond what was used at construction.
  std::optional<std::uint64_t> taken(const std::string& device) const;

 private:
  std::vector<NvmlGpu> before_;
};

}  // namespace zimage::app
