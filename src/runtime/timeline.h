// When a device reached points of its work, without waiting for it on the way: CUDA events, or the clock on the CPU.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace zimage {

class Timeline {
 public:
  explicit Timeline(at::Device device);
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  // A point behind all that was given to the current stream so far.
  void mark();

  // Between each mark and the next. Waits until the device has reached the last.
  std::vector<double> seconds() const;

 private:
  struct Marks;
  std::unique_ptr<Marks> marks_;
};

}  // namespace zimage
