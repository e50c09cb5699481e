// Memory over time: a thread reads it at fixed intervals, as people do with nvidia-smi, and knows the stage of each
// reading.
#pragma once

#include "zimage/profile.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace zimage {

// One reading; throws nothing. Never called by two threads at once.
using MemorySource = std::function<MemoryReading()>;

class MemorySampler {
 public:
  // Reads once an interval until it is destroyed. The stage is load until the first mark.
  MemorySampler(MemorySource source, std::chrono::milliseconds interval);
  MemorySampler(const MemorySampler&) = delete;
  MemorySampler& operator=(const MemorySampler&) = delete;

  // From here on the readings belong to `next`; nothing: to no stage. Reads once more for the stage that ends, however
  // short it was, and returns the largest of each of its readings.
  MemoryReading mark(std::optional<Stage> next);

  // All so far, in order of time.
  std::vector<MemorySample> samples() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run(const std::stop_token& stop);
  void sample();  // holds mutex_

  MemorySource source_;
  std::chrono::milliseconds interval_;
  Clock::time_point start_ = Clock::now();
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<Stage> stage_ = Stage::load;
  MemoryReading peak_;  // of the stage
  std::vector<MemorySample> samples_;
  std::jthread thread_;  // last: joined before the rest goes
};

}  // namespace zimage
