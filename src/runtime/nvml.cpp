#include "runtime/nvml.h"

#include <dlfcn.h>

#include <array>
#include <memory>

namespace zimage {
namespace {

// The library comes with the driver, so it is opened at run time and its few functions are declared here.
// Source: NVML API reference; nvmlReturn_t 0 is success, nvmlDevice_t a pointer.
using Device = void*;
constexpr int kSuccess = 0;
constexpr const char* kLibrary = "libnvidia-ml.so.1";

struct CloseLibrary {
  void operator()(void* library) const { ::dlclose(library); }
};
using Library = std::unique_ptr<void, CloseLibrary>;

template <class... Arguments>
bool call(const Library& library, const char* name, Arguments... arguments) {
  using Function = int (*)(Arguments...);
  const auto function = reinterpret_cast<Function>(::dlsym(library.get(), name));
  return function != nullptr && function(arguments...) == kSuccess;
}

std::optional<PcieLink> link_of(const Library& library, Device device) {
  PcieLink link;
  const bool known = call(library, "nvmlDeviceGetCurrPcieLinkGeneration", device, &link.generation) &&
                     call(library, "nvmlDeviceGetCurrPcieLinkWidth", device, &link.width) &&
                     call(library, "nvmlDeviceGetMaxPcieLinkGeneration", device, &link.max_generation) &&
                     call(library, "nvmlDeviceGetMaxPcieLinkWidth", device, &link.max_width);
  return known ? std::optional(link) : std::nullopt;
}

// nvmlPciInfo_t, version 3.
struct PciInfo {
  std::array<char, 16> legacy_bus_id;
  unsigned domain, bus, device, device_id, subsystem_id;
  std::array<char, 32> bus_id;
};

// nvmlMemory_t
struct Memory {
  unsigned long long total, free, used;
};

std::optional<std::uint64_t> used_bytes_of(const Library& library, Device device) {
  Memory memory{};
  if (!call(library, "nvmlDeviceGetMemoryInfo", device, &memory)) return std::nullopt;
  return memory.used;
}

void add_place_and_memory(const Library& library, Device device, NvmlGpu& gpu) {
  PciInfo pci{};
  if (call(library, "nvmlDeviceGetPciInfo_v3", device, &pci)) gpu.pci_bus_id = pci.bus_id.data();
  gpu.used_bytes = used_bytes_of(library, device);
}

NvmlReport report_of(const Library& library) {
  NvmlReport report;
  std::array<char, 96> text{};
  const auto size = static_cast<unsigned>(text.size());
  if (call(library, "nvmlSystemGetDriverVersion", text.data(), size)) report.driver_version = text.data();
  unsigned count = 0;
  if (!call(library, "nvmlDeviceGetCount_v2", &count)) return report;
  for (unsigned i = 0; i < count; ++i) {
    Device device = nullptr;
    if (!call(library, "nvmlDeviceGetHandleByIndex_v2", i, &device)) continue;
    NvmlGpu gpu{.name = "GPU " + std::to_string(i), .link = link_of(library, device)};
    add_place_and_memory(library, device, gpu);
    if (call(library, "nvmlDeviceGetName", device, text.data(), size)) gpu.name = text.data();
    report.gpus.push_back(gpu);
  }
  return report;
}

// Null where it is missing or does not start. Whoever has it calls nvmlShutdown at the end.
Library start_library() {
  Library library(::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL));
  return library && call(library, "nvmlInit_v2") ? std::move(library) : nullptr;
}

}  // namespace

std::optional<NvmlReport> query_nvml() {
  const Library library = start_library();
  if (!library) return std::nullopt;
  const NvmlReport report = report_of(library);
  call(library, "nvmlShutdown");
  return report;
}

struct NvmlDevice::Handle {
  Library library;
  Device device = nullptr;
};

NvmlDevice::NvmlDevice(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
NvmlDevice::~NvmlDevice() { call(handle_->library, "nvmlShutdown"); }

std::unique_ptr<NvmlDevice> NvmlDevice::open(const std::string& pci_bus_id) {
  Library library = start_library();
  if (!library) return nullptr;
  Device device = nullptr;
  if (!call(library, "nvmlDeviceGetHandleByPciBusId_v2", pci_bus_id.c_str(), &device)) {
    call(library, "nvmlShutdown");
    return nullptr;
  }
  return std::unique_ptr<NvmlDevice>(new NvmlDevice(std::unique_ptr<Handle>(new Handle{std::move(library), device})));
}

std::optional<std::uint64_t> NvmlDevice::used_bytes() const { return used_bytes_of(handle_->library, handle_->device); }

}  // namespace zimage
