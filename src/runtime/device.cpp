#include "runtime/device.h"

#include "zimage/error.h"

#include "runtime/cuda_runtime.h"

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <charconv>

namespace zimage {
namespace {

DeviceInfo find_device(int index) {
  const std::vector<DeviceInfo> devices = cuda_devices();
  const std::string name = "cuda:" + std::to_string(index);
  const auto found =
      std::find_if(devices.begin(), devices.end(), [&](const DeviceInfo& d) { return d.device == name; });
  if (found == devices.end()) {
    const std::string reason =
        devices.empty() ? cuda_unavailable_reason() : "the last one is cuda:" + std::to_string(devices.size() - 1);
    throw Error(ErrorKind::device, "--device " + name + ": no such device (" + reason + ")");
  }
  if (found->major * 10 + found->minor < 75) {
    throw Error(ErrorKind::device, "--device " + name + ": " + found->name +
                                       " is older than Turing (compute capability " + std::to_string(found->major) +
                                       "." + std::to_string(found->minor) + " < 7.5)");
  }
  return *found;
}

// The number in "cuda" or "cuda:N".
int parse_cuda_index(const std::string& option) {
  if (option == "cuda") return 0;
  int index = -1;
  const char* end = option.data() + option.size();
  if (option.starts_with("cuda:")) {
    const auto [rest, error] = std::from_chars(option.data() + 5, end, index);
    if (error != std::errc() || rest != end || index < 0) index = -1;
  }
  if (index < 0) throw Error(ErrorKind::usage, "--device " + option + ": must be auto, cpu, cuda or cuda:N");
  return index;
}

}  // namespace

LibraryVersions library_versions() {
  LibraryVersions versions{.torch = TORCH_VERSION, .cuda = cuda_runtime_version(), .cudnn = "none"};
  const auto& hooks = at::detail::getCUDAHooks();
  if (versions.cuda != "none" && hooks.compiledWithCuDNN()) {
    const long v = hooks.versionCuDNN();
    versions.cudnn = std::to_string(v / 10000) + "." + std::to_string(v / 100 % 100) + "." + std::to_string(v % 100);
  }
  return versions;
}

std::string resolve_device(const std::string& option) {
  if (option == "cpu") return option;
  if (option == "auto") {
    for (const DeviceInfo& device : cuda_devices()) {
      if (device.major * 10 + device.minor >= 75) return device.device;
    }
    return "cpu";
  }
  return find_device(parse_cuda_index(option)).device;
}

std::uint64_t free_device_bytes(const std::string& device) { return free_bytes_of_device(parse_cuda_index(device)); }

int device_capability(const std::string& device) {
  return device == "cpu" ? 0 : compute_capability(parse_cuda_index(device));
}

}  // namespace zimage
