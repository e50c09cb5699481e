// Where the build has no CUDA: nobody asks for a recording.
#include "zimage/error.h"

#include "runtime/device_graph.h"

namespace zimage {

class DeviceGraphs::Impl {};

DeviceGraphs::DeviceGraphs() = default;
DeviceGraphs::~DeviceGraphs() = default;
DeviceGraphs::DeviceGraphs(DeviceGraphs&&) noexcept = default;
DeviceGraphs& DeviceGraphs::operator=(DeviceGraphs&&) noexcept = default;

void DeviceGraphs::record(const std::function<void()>&) {
  throw Error(ErrorKind::internal, "recording work for a device: this build has no CUDA");
}
void DeviceGraphs::replay(std::size_t) const {}
std::size_t DeviceGraphs::size() const { return 0; }

}  // namespace zimage
