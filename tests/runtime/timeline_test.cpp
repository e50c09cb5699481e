// Marks on a device's timeline, and the peaks of its allocator.
#include "runtime/timeline.h"

#include "runtime/device_memory.h"
#include "support/devices.h"

#include <gtest/gtest.h>

#include <thread>

namespace zimage {
namespace {

TEST(Timeline, counts_from_each_mark_to_the_next) {
  Timeline timeline(at::kCPU);
  timeline.mark();
  EXPECT_TRUE(timeline.seconds().empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  timeline.mark();
  timeline.mark();
  const std::vector<double> seconds = timeline.seconds();
  ASSERT_EQ(seconds.size(), 2U);
  EXPECT_GE(seconds[0], 0.02);
  EXPECT_LT(seconds[1], seconds[0]);
}

// The device's time and not the host's: the marks are given out long before the product is done.
TEST(Timeline, counts_the_devices_work) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const at::Tensor a = at::ones({8192, 8192}, at::TensorOptions(at::kCUDA).dtype(at::kHalf));
  at::mm(a, a);  // the library and its workspace
  Timeline timeline(at::kCUDA);
  timeline.mark();
  for (int i = 0; i < 20; ++i) at::mm(a, a);
  timeline.mark();
  timeline.mark();
  const std::vector<double> seconds = timeline.seconds();
  ASSERT_EQ(seconds.size(), 2U);
  EXPECT_GE(seconds[0], 20 * 2 * std::pow(8192.0, 3) / 5e15);  // no GPU makes 5 PFLOP/s
  EXPECT_LT(seconds[1], seconds[0] / 2);
}

TEST(AllocatorPeak, is_none_on_the_CPU) {
  const at::Tensor held = at::zeros({1 << 20});
  EXPECT_EQ(take_allocator_peak(at::kCPU).allocated, 0U);
}

TEST(AllocatorPeak, is_counted_anew_after_each_call) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  constexpr std::uint64_t kBytes = 256ULL << 20;
  const at::Device device("cuda:0");
  take_allocator_peak(device);
  const std::uint64_t before = take_allocator_peak(device).allocated;
  at::empty({kBytes}, at::TensorOptions(device).dtype(at::kByte));
  const AllocatorPeak peak = take_allocator_peak(device);
  EXPECT_EQ(peak.allocated, before + kBytes);
  EXPECT_GE(peak.reserved, peak.allocated);
  EXPECT_EQ(take_allocator_peak(device).allocated, before);
}

}  // namespace
}  // namespace zimage
