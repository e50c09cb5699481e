// Copies on the CPU as a slow, fallible device makes them: late, and with nonsense in their place until they are done.
#pragma once

#include "runtime/transfers.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <thread>

namespace zimage::test {

class SlowTransfers final : public Transfers {
 public:
  // Shared with the test, which has no other hold on it.
  struct Control {
    std::atomic<int> copies = 0;                                 // so far
    std::atomic<int> failing = std::numeric_limits<int>::max();  // the copy with this number throws
  };

  explicit SlowTransfers(std::shared_ptr<Control> control) : control_(std::move(control)) {}

  Event make_event() override { return events_++; }
  void record(Event, Queue) override {}
  void wait(Event, Queue) override {}
  void copy(std::byte* to, const std::byte* from, std::size_t bytes) override {
    std::memset(to, 0xff, bytes);  // not a number in every type
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 400));
    if (control_->copies++ == control_->failing) throw std::runtime_error("a copy failed");
    std::memcpy(to, from, bytes);
  }
  void run(std::function<void()> work) override {
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 400));
    work();
  }
  void settle() noexcept override {}

 private:
  std::shared_ptr<Control> control_;
  std::mt19937 random_{20261121};
  Event events_ = 0;
};

}  // namespace zimage::test
