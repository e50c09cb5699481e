// The CPU's allocator with a count of what really is taken, which fails where it is told to. Knows of no plan.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>

namespace zimage::test {

// While it lives, all of ATen's memory on the CPU goes through it. One at a time.
class CountingAllocator {
 public:
  CountingAllocator();
  ~CountingAllocator();
  CountingAllocator(const CountingAllocator&) = delete;
  CountingAllocator& operator=(const CountingAllocator&) = delete;

  std::int64_t live_bytes() const;
  std::int64_t peak_bytes() const;               // the most that was live at once since it lives
  std::int64_t allocations() const;              // so far
  int allocations_of(std::int64_t bytes) const;  // so far
  // The allocation with this number from here on, from 0, fails as the system's would, and so do those after it,
  // `times` in all.
  void fail_at(std::int64_t allocation, std::int64_t times = 1);
  // That one and all after it.
  void fail_from(std::int64_t allocation);
  void fail_no_more();

 private:
  class Counter;
  std::unique_ptr<Counter> counter_;
};

}  // namespace zimage::test
