// Samples of memory as CSV, as bands of stages, and fewer of them.
#include "app/memory_timeline.h"

#include <gtest/gtest.h>

namespace zimage::app {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

MemorySample host_sample(double seconds, std::optional<Stage> stage, std::uint64_t host) {
  return {seconds, stage, {{}, {}, {}, host}};
}

TEST(MemoryTimeline, csv_has_a_line_a_sample_and_nothing_for_the_unknown) {
  const std::vector<MemorySample> samples{{0.01, Stage::load, {528 * kMiB, 0, 0, 3 * kMiB / 2}},
                                          host_sample(1.5, std::nullopt, kMiB)};
  EXPECT_EQ(timeline_csv(samples),
            "seconds,stage,device_mib,reserved_mib,allocated_mib,host_rss_mib\n"
            "0.0100,load,528.00,0.00,0.00,1.50\n"
            "1.5000,,,,,1.00\n");
}

TEST(MemoryTimeline, a_band_reaches_from_the_reading_that_ended_the_stage_before) {
  const std::vector<StageBand> bands = stage_bands(
      {host_sample(0.1, Stage::load, 1), host_sample(0.3, Stage::load, 1), host_sample(0.4, Stage::encode, 1),
       host_sample(0.5, std::nullopt, 1), host_sample(0.6, std::nullopt, 1), host_sample(0.8, Stage::encode, 1)});
  ASSERT_EQ(bands.size(), 3U);
  EXPECT_EQ(bands[0].stage, Stage::load);
  EXPECT_EQ(bands[0].begin, 0);
  EXPECT_EQ(bands[0].end, 0.3);
  EXPECT_EQ(bands[1].stage, Stage::encode);
  EXPECT_EQ(bands[1].begin, 0.3);
  EXPECT_EQ(bands[1].end, 0.4);
  EXPECT_EQ(bands[2].begin, 0.6);
  EXPECT_EQ(bands[2].end, 0.8);
  EXPECT_TRUE(stage_bands({}).empty());
}

TEST(MemoryTimeline, thinning_keeps_the_peaks_and_the_span) {
  std::vector<MemorySample> samples;
  for (int i = 0; i < 10'000; ++i) samples.push_back(host_sample(0.01 * i, Stage::denoise, 10));
  samples[4321].memory.host = 99;
  samples[8765].memory.host = 88;
  const std::vector<MemorySample> thin = thinned(samples, 100);
  EXPECT_EQ(thin.size(), 100U);
  EXPECT_EQ(thin.front().seconds, 0);
  EXPECT_GT(thin.back().seconds, 98);
  int peaks = 0;
  for (const MemorySample& sample : thin) peaks += sample.memory.host > 10;
  EXPECT_EQ(peaks, 2);
  EXPECT_EQ(thin[43].memory.host, 99U);
  EXPECT_EQ(thinned({samples[0], samples[1]}, 100).size(), 2U);
}

}  // namespace
}  // namespace zimage::app
