// The thread that reads memory, with a source that reads what the test says.
#include "runtime/memory_sampler.h"

#include "runtime/memory_source.h"

#include <gtest/gtest.h>

#include <atomic>

namespace zimage {
namespace {

using namespace std::chrono_literals;

// False after ten seconds.
bool wait_for_samples(const MemorySampler& sampler, std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (sampler.samples().size() < count) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

struct FakeMemory {
  std::atomic<std::uint64_t> device = 0;
  std::atomic<int> readings = 0;

  MemorySource source() {
    return [this] {
      ++readings;
      return MemoryReading{device.load(), device + 1, {}, 7};
    };
  }
};

TEST(MemorySampler, reads_by_itself_until_it_is_destroyed) {
  FakeMemory memory;
  {
    const MemorySampler sampler(memory.source(), 1ms);
    ASSERT_TRUE(wait_for_samples(sampler, 5));
    const std::vector<MemorySample> samples = sampler.samples();
    for (std::size_t i = 1; i < samples.size(); ++i) EXPECT_LT(samples[i - 1].seconds, samples[i].seconds);
    EXPECT_GE(samples[4].seconds, 0.004);
    EXPECT_EQ(samples[0].memory.host, 7U);
  }
  const int readings = memory.readings;
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(memory.readings, readings);
}

TEST(MemorySampler, destruction_does_not_wait_for_the_interval) {
  FakeMemory memory;
  const auto start = std::chrono::steady_clock::now();
  { const MemorySampler sampler(memory.source(), 1h); }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST(MemorySampler, a_mark_ends_a_stage_and_tells_its_peaks) {
  FakeMemory memory;
  memory.device = 90;
  MemorySampler sampler(memory.source(), 1h);  // one reading, and those of the marks
  ASSERT_TRUE(wait_for_samples(sampler, 1));
  memory.device = 50;
  const MemoryReading load = sampler.mark(Stage::encode);
  EXPECT_EQ(load.device, 90U);
  EXPECT_EQ(load.reserved, 91U);
  EXPECT_EQ(load.allocated, std::nullopt);
  memory.device = 70;
  EXPECT_EQ(sampler.mark(std::nullopt).device, 70U);
  sampler.mark(Stage::denoise);

  const std::vector<MemorySample> samples = sampler.samples();
  ASSERT_EQ(samples.size(), 4U);
  EXPECT_EQ(samples[0].stage, Stage::load);
  EXPECT_EQ(samples[1].stage, Stage::load);
  EXPECT_EQ(samples[2].stage, Stage::encode);
  EXPECT_EQ(samples[3].stage, std::nullopt);
}

TEST(MemorySampler, on_the_cpu_the_resident_set_is_all_there_is) {
  const MemoryReading before = memory_source("cpu")();
  EXPECT_EQ(before.device, std::nullopt);
  EXPECT_EQ(before.reserved, std::nullopt);
  EXPECT_EQ(before.allocated, std::nullopt);
  const std::vector<char> touched(64 << 20, 1);
  const MemoryReading after = memory_source("cpu")();
  EXPECT_GE(after.host, before.host + touched.size() * 9 / 10);
}

}  // namespace
}  // namespace zimage
