#include "runtime/timeline.h"

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <chrono>

namespace zimage {

using Clock = std::chrono::steady_clock;

struct Timeline::Marks {
  at::Device device;
  std::vector<c10::Event> events;
  std::vector<Clock::time_point> times;  // on the CPU, instead of events
};

Timeline::Timeline(at::Device device) : marks_(new Marks{device, {}, {}}) {}
Timeline::~Timeline() = default;

void Timeline::mark() {
  if (marks_->device.is_cpu()) {
    marks_->times.push_back(Clock::now());
    return;
  }
  // The default flag keeps the time; PYTORCH_DEFAULT does not.
  c10::Event& event = marks_->events.emplace_back(marks_->device.type(), c10::EventFlag::BACKEND_DEFAULT);
  event.record(c10::impl::VirtualGuardImpl(marks_->device.type()).getStream(marks_->device));
}

std::vector<double> Timeline::seconds() const {
  std::vector<double> seconds;
  const auto& [device, events, times] = *marks_;
  for (std::size_t i = 1; i < times.size(); ++i) {
    seconds.push_back(std::chrono::duration<double>(times[i] - times[i - 1]).count());
  }
  if (!events.empty()) events.back().synchronize();
  for (std::size_t i = 1; i < events.size(); ++i) seconds.push_back(events[i - 1].elapsedTime(events[i]) / 1000);
  return seconds;
}

}  // namespace zimage
