// Work that is recorded once and then given to the device as a whole: a CUDA graph. Where kernels are short, the gaps
// between them are a good part of the time.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

namespace zimage {

// One recording after the other, to be replayed in the same order: they share what they need of memory beside the
// tensors that were there before.
class DeviceGraphs {
 public:
  DeviceGraphs();
  ~DeviceGraphs();
  DeviceGraphs(DeviceGraphs&&) noexcept;
  DeviceGraphs& operator=(DeviceGraphs&&) noexcept;

  // Appends what `work` gives the device, which computes nothing meanwhile. The tensors that it reads and writes must
  // keep their places as long as it is replayed, and all that it calls must have been called before. Throws what `work`
  // throws, and c10::Error where something in it can't be recorded.
  void record(const std::function<void()>& work);
  void replay(std::size_t index) const;
  std::size_t size() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;  // null until something is recorded: then there must be a device
};

}  // namespace zimage
