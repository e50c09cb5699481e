#include "runtime/cuda_runtime.h"

#include "runtime/device.h"

#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace zimage {
namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string pci_bus_id(const cudaDeviceProp& properties) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%08X:%02X:%02X.0", properties.pciDomainID, properties.pciBusID,
                properties.pciDeviceID);
  return text.data();
}

}  // namespace

std::string cuda_runtime_version() {
  int version = 0;
  return cudaRuntimeGetVersion(&version) == cudaSuccess ? version_text(version) : "none";
}

int compute_capability(int device) {
  int major = 0, minor = 0;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  return 10 * major + minor;
}

std::string cuda_unavailable_reason() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return "";
  int driver = 0;
  cudaDriverGetVersion(&driver);
  if (driver == 0) return "no NVIDIA driver";
  if (status == cudaErrorInsufficientDriver) {
    return "the NVIDIA driver supports CUDA " + version_text(driver) + ", this build needs " + cuda_runtime_version() +
           " (driver 580 or later)";
  }
  return status == cudaSuccess ? "no NVIDIA GPU" : cudaGetErrorString(status);
}

std::vector<DeviceInfo> cuda_devices() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    cudaGetLastError();
    return {};
  }
  std::vector<DeviceInfo> devices;
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, i) != cudaSuccess) continue;
    devices.push_back({.device = "cuda:" + std::to_string(i),
                       .name = properties.name,
                       .major = properties.major,
                       .minor = properties.minor,
                       .total_bytes = properties.totalGlobalMem,
                       .multiprocessors = properties.multiProcessorCount,
                       .pci_bus_id = pci_bus_id(properties)});
  }
  cudaGetLastError();
  return devices;
}

std::optional<std::uint64_t> used_bytes_of_device(int index) {
  std::size_t free = 0, total = 0;
  const bool known = cudaSetDevice(index) == cudaSuccess && cudaMemGetInfo(&free, &total) == cudaSuccess;
  cudaGetLastError();
  return known ? std::optional<std::uint64_t>(total - free) : std::nullopt;
}

std::uint64_t free_bytes_of_device(int index) {
  std::size_t free = 0, total = 0;
  // The device stays set: setting the one before again would create a context there.
  if (cudaSetDevice(index) != cudaSuccess || cudaMemGetInfo(&free, &total) != cudaSuccess) free = 0;
  cudaGetLastError();
  return free;
}

bool pin_host_memory(std::byte* memory, std::size_t bytes) {
  if (cudaHostRegister(memory, bytes, cudaHostRegisterPortable) == cudaSuccess) return true;
  cudaGetLastError();
  return false;
}

void unpin_host_memory(std::byte* memory) {
  if (cudaHostUnregister(memory) != cudaSuccess) cudaGetLastError();
}

void cap_device_allocator(int index, std::uint64_t bytes) {
  std::size_t free = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  const double fraction = static_cast<double>(bytes) / static_cast<double>(total);
  c10::cuda::CUDACachingAllocator::setMemoryFraction(std::min(fraction, 1.0), static_cast<c10::DeviceIndex>(index));
}

}  // namespace zimage
