#include "app/run_description.h"

#include "runtime/device.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <iterator>

namespace zimage::app {
namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

// As the kernel keeps it: arguments that end in NUL.
std::vector<std::string> command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return "";
}

const NvmlGpu* find_gpu(const std::vector<NvmlGpu>& gpus, const std::string& pci_bus_id) {
  const auto found =
      std::find_if(gpus.begin(), gpus.end(), [&](const NvmlGpu& g) { return g.pci_bus_id == pci_bus_id; });
  return found == gpus.end() ? nullptr : &*found;
}

std::optional<DeviceInfo> find_device(const std::string& name) {
  for (const DeviceInfo& device : cuda_devices()) {
    if (device.device == name) return device;
  }
  return std::nullopt;
}

}  // namespace

RunDescription describe_run(const std::string& device) {
  RunDescription d{.date = utc_now(), .command = command_line(), .cpu = cpu_name(), .device = device};
  const LibraryVersions versions = library_versions();
  d.torch = versions.torch;
  d.cuda = versions.cuda;
  d.cudnn = versions.cudnn;
  if (const auto info = find_device(device)) {
    d.gpu = info->name;
    d.compute_capability = std::to_string(info->major) + "." + std::to_string(info->minor);
    if (const auto nvml = query_nvml()) d.driver = nvml->driver_version;
  }
  return d;
}

DeviceMemoryMeter::DeviceMemoryMeter() {
  if (const auto nvml = query_nvml()) before_ = nvml->gpus;
}

std::optional<std::uint64_t> DeviceMemoryMeter::taken(const std::string& device) const {
  const auto info = find_device(device);
  const auto nvml = query_nvml();
  if (!info || !nvml) return std::nullopt;
  const NvmlGpu* const before = find_gpu(before_, info->pci_bus_id);
  const NvmlGpu* const now = find_gpu(nvml->gpus, info->pci_bus_id);
  if (before == nullptr || now == nullptr || !before->used_bytes || !now->used_bytes) return std::nullopt;
  return *now->used_bytes - std::min(*before->used_bytes, *now->used_bytes);
}

}  // namespace zimage::app
