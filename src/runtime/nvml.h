// What NVIDIA's management library knows about the GPUs and CUDA does not tell: the driver's version, the PCIe link,
// the memory that all processes use.
#pragma once

#include <cstdint>
#include <memory>
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

// One GPU, with the library kept open: for readings in quick succession.
class NvmlDevice {
 public:
  // Null where the library is missing, does not start, or knows no GPU of this PCI bus id.
  static std::unique_ptr<NvmlDevice> open(const std::string& pci_bus_id);
  ~NvmlDevice();
  NvmlDevice(const NvmlDevice&) = delete;
  NvmlDevice& operator=(const NvmlDevice&) = delete;

  // By all processes. Safe from several threads.
  std::optional<std::uint64_t> used_bytes() const;

 private:
  struct Handle;
  explicit NvmlDevice(std::unique_ptr<Handle> handle);

  std::unique_ptr<Handle> handle_;
};

}  // namespace zimage
