#include "support/counting_allocator.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>

namespace zimage::test {
namespace {

constexpr std::uint8_t kPriority = 200;  // above whatever the libraries set

// Memory may live longer than its count, so what is known of it outlives every count.
struct Ledger {
  std::mutex mutex;
  std::map<void*, std::int64_t> live;
  std::int64_t bytes = 0, peak = 0;  // of live
  c10::Allocator* inner = nullptr;
};

Ledger& ledger() {
  static Ledger one;
  return one;
}

void release(void* memory) {
  {
    const std::lock_guard lock(ledger().mutex);
    const auto found = ledger().live.find(memory);
    if (found != ledger().live.end()) {
      ledger().bytes -= found->second;
      ledger().live.erase(found);
    }
  }
  ledger().inner->raw_deallocate(memory);
}

}  // namespace

class CountingAllocator::Counter final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    {
      const std::lock_guard lock(ledger().mutex);
      const std::int64_t number = allocations++;
      TORCH_CHECK(number < first_failing || number > last_failing,
                  "DefaultCPUAllocator: can't allocate memory: a test's failure");
      ++by_size[static_cast<std::int64_t>(bytes)];
    }
    void* const memory = ledger().inner->raw_allocate(bytes);
    const std::lock_guard lock(ledger().mutex);
    if (memory != nullptr) {
      ledger().live.emplace(memory, static_cast<std::int64_t>(bytes));
      ledger().bytes += static_cast<std::int64_t>(bytes);
      ledger().peak = std::max(ledger().peak, ledger().bytes);
    }
    return {memory, memory, &release, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }

  void fail(std::int64_t first, std::int64_t last) {
    const std::lock_guard lock(ledger().mutex);
    first_failing = first;
    last_failing = last;
  }

  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  std::int64_t allocations = 0, first_failing = kNever, last_failing = kNever;
  std::map<std::int64_t, int> by_size;
};

CountingAllocator::CountingAllocator() : counter_(std::make_unique<Counter>()) {
  ledger().peak = ledger().bytes;
  ledger().inner = c10::GetAllocator(c10::kCPU);
  c10::SetAllocator(c10::kCPU, counter_.get(), kPriority);
}

CountingAllocator::~CountingAllocator() { c10::SetAllocator(c10::kCPU, ledger().inner, kPriority); }

std::int64_t CountingAllocator::live_bytes() const {
  const std::lock_guard lock(ledger().mutex);
  return ledger().bytes;
}

std::int64_t CountingAllocator::peak_bytes() const {
  const std::lock_guard lock(ledger().mutex);
  return ledger().peak;
}

std::int64_t CountingAllocator::allocations() const {
  const std::lock_guard lock(ledger().mutex);
  return counter_->allocations;
}

int CountingAllocator::allocations_of(std::int64_t bytes) const {
  const std::lock_guard lock(ledger().mutex);
  const auto found = counter_->by_size.find(bytes);
  return found == counter_->by_size.end() ? 0 : found->second;
}

void CountingAllocator::fail_at(std::int64_t allocation, std::int64_t times) {
  const std::int64_t number = allocations() + allocation;
  counter_->fail(number, number + times - 1);
}

void CountingAllocator::fail_from(std::int64_t allocation) {
  counter_->fail(allocations() + allocation, Counter::kNever);
}

void CountingAllocator::fail_no_more() { counter_->fail(Counter::kNever, Counter::kNever); }

}  // namespace zimage::test
