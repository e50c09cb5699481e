#include "runtime/memory_sampler.h"

#include <algorithm>

namespace zimage {
namespace {

MemoryReading larger(const MemoryReading& a, const MemoryReading& b) {
  // An empty optional is smaller than any value.
  return {std::max(a.device, b.device), std::max(a.reserved, b.reserved), std::max(a.allocated, b.allocated),
          std::max(a.host, b.host)};
}

}  // namespace

MemorySampler::MemorySampler(MemorySource source, std::chrono::milliseconds interval)
    : source_(std::move(source)), interval_(interval), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void MemorySampler::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  // Against a clock that goes on: what a reading takes does not add up.
  for (Clock::time_point next = start_; !stop.stop_requested(); next = std::max(next + interval_, Clock::now())) {
    sample();
    wake_.wait_until(lock, stop, next + interval_, [] { return false; });
  }
}

void MemorySampler::sample() {
  const std::chrono::duration<double> since_start = Clock::now() - start_;
  const MemoryReading reading = source_();
  peak_ = larger(peak_, reading);
  samples_.push_back({since_start.count(), stage_, reading});
}

MemoryReading MemorySampler::mark(std::optional<Stage> next) {
  const std::lock_guard lock(mutex_);
  sample();
  stage_ = next;
  return std::exchange(peak_, {});
}

std::vector<MemorySample> MemorySampler::samples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

}  // namespace zimage
