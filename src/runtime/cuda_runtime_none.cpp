#include "runtime/cuda_runtime.h"
#include "runtime/device.h"

namespace zimage {

std::string cuda_runtime_version() { return "none"; }
int compute_capability(int) { return 0; }
std::string cuda_unavailable_reason() { return "this build has no CUDA"; }
std::vector<DeviceInfo> cuda_devices() { return {}; }

}  // namespace zimage
