#include "app/run_description.h"

#include "runtime/device.h"
#include "runtime/nvml.h"

#include <array>
#include <ctime>
#include <fstream>
#include <optional>

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

}  // namespace zimage::app
