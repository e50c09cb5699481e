// What NVIDIA's management library knows about the GPUs and CUDA does not tell: the driver's version, the PCIe link,
// the memory that all processes use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zimage {

struct PcieLink {
  unsigned generation = 0, width = 0;          // now; a GPU at rest lowers them
  unsigned max_generation = 0, max_width = 0;  // of this GPU in this slot
};

struct NvmlGpu {
  std::string name;
  std::optional<PcieLink> link;
  std::string pci_bus_id;  // "00000000:1B:00.0"
  std::optional<std::uint64_t> used_bytes;
};

struct NvmlReport {
  std::string driver_version;  // "580.65.06"
  std::vector<NvmlGpu> gpus;
};

// Nothing where the driver's library is missing or does not start.
std::optional<NvmlReport> query_nvml();

}  // namespace zimage
