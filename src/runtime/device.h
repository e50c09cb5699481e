// The machine's compute devices, and the one that a run uses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace zimage {

struct DeviceInfo {
  std::string device;        // "cuda:0"
  std::string name;          // "NVIDIA GeForce RTX 3060"
  int major = 0, minor = 0;  // compute capability
  std::uint64_t total_bytes = 0;
  int multiprocessors = 0;
  std::string pci_bus_id;  // as NVML writes it: "00000000:1B:00.0"
};

struct LibraryVersions {
  std::string torch, cuda, cudnn;  // "none" where this build has none
};

// Every CUDA device that the driver shows; empty without a driver. Creates no context.
std::vector<DeviceInfo> cuda_devices();

// Bytes that can be taken on the device "cuda:N"; 0 if it cannot be used. Creates its context, a third of a second.
std::uint64_t free_device_bytes(const std::string& device);

// Why cuda_devices() is empty: no CUDA in this build, no driver, a driver too old; empty when it is not.
std::string cuda_unavailable_reason();

LibraryVersions library_versions();

// Turns auto | cpu | cuda | cuda:N into cpu or cuda:N. Throws Error(usage) for another word, Error(device) where there
// is no such device or it is older than Turing.
std::string resolve_device(const std::string& option);

// 10 · major + minor of a CUDA device, 0 for the CPU. device: as resolve_device returns it.
int device_capability(const std::string& device);

}  // namespace zimage
