#include "runtime/memory_source.h"

#include "runtime/cuda_runtime.h"
#include "runtime/device.h"
#include "runtime/host_memory.h"
#include "runtime/nvml.h"

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <algorithm>
#include <memory>

namespace zimage {
namespace {

class DeviceSource {
 public:
  explicit DeviceSource(const std::string& name) : device_(name), gpu_(gpu_of(name)) {
    if (gpu_) others_ = gpu_->used_bytes().value_or(0);
  }

  MemoryReading read() {
    MemoryReading reading{.device = taken(), .reserved = {}, .allocated = {}, .host = resident_bytes()};
    if (!allocator_is_up()) return reading;
    // The first of each is the sum over all pools.
    const auto stats = c10::getDeviceAllocator(device_.type())->getDeviceStats(device_.index());
    reading.reserved = static_cast<std::uint64_t>(stats.reserved_bytes[0].current);
    reading.allocated = static_cast<std::uint64_t>(stats.allocated_bytes[0].current);
    return reading;
  }

 private:
  static std::unique_ptr<NvmlDevice> gpu_of(const std::string& name) {
    for (const DeviceInfo& device : cuda_devices()) {
      if (device.device == name) return NvmlDevice::open(device.pci_bus_id);
    }
    return nullptr;
  }

  std::optional<std::uint64_t> taken() const {
    const std::optional<std::uint64_t> used = gpu_ ? gpu_->used_bytes() : used_bytes_of_device(device_.index());
    return used ? std::optional(*used - std::min(others_, *used)) : std::nullopt;
  }

  // The allocator must not be asked while ATen brings the device up, on whatever thread that is: this waits for it.
  bool allocator_is_up() {
    if (state_ == State::unknown) {
      try {
        at::globalContext().lazyInitDevice(device_.type());
        state_ = State::up;
      } catch (const std::exception&) {
        state_ = State::unusable;  // who needs the device says why
      }
    }
    return state_ == State::up;
  }

  enum class State { unknown, up, unusable };

  at::Device device_;
  std::unique_ptr<NvmlDevice> gpu_;
  std::uint64_t others_ = 0;
  State state_ = State::unknown;
};

}  // namespace

MemorySource memory_source(const std::string& device) {
  if (device == "cpu") return [] { return MemoryReading{{}, {}, {}, resident_bytes()}; };
  return [source = std::make_shared<DeviceSource>(device)] { return source->read(); };
}

}  // namespace zimage
