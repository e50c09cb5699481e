// What a stage cost: times, peaks of memory, transfers, and what the plan had said.
#include "pipeline/stage_recorder.h"

#include "pipeline/plan_profile.h"

#include <gtest/gtest.h>

#include <thread>

namespace zimage {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

TEST(StageRecorder, each_stage_has_the_sampled_peak_of_its_own_time) {
  std::uint64_t bytes = 0;
  MemorySampler sampler([&] { return MemoryReading{bytes, {}, {}, 0}; }, std::chrono::hours(1));
  while (sampler.samples().empty()) std::this_thread::yield();  // from here on the marks alone read
  StageRecorder encode(Stage::encode, at::kCPU, &sampler);
  bytes = 300;
  encode.end(Stage::load);
  bytes = 200;
  StageRecorder denoise(Stage::denoise, at::kCPU, &sampler);
  bytes = 900;
  denoise.end(Stage::decode);
  bytes = 100;
  StageRecorder decode(Stage::decode, at::kCPU, &sampler);
  decode.end(std::nullopt);
  EXPECT_EQ(encode.profile().device_bytes, 300U);
  EXPECT_EQ(denoise.profile().device_bytes, 900U);
  EXPECT_EQ(decode.profile().device_bytes, 100U);
  std::vector<std::optional<Stage>> stages;
  for (const MemorySample& sample : sampler.samples()) stages.push_back(sample.stage);
  EXPECT_EQ(stages, (std::vector<std::optional<Stage>>{Stage::load, Stage::load, Stage::encode, Stage::load,
                                                       Stage::denoise, Stage::decode, Stage::decode}));
}

TEST(StageRecorder, has_a_time_for_each_step_and_for_the_whole) {
  StageRecorder recorder(Stage::denoise, at::kCPU, nullptr);
  for (int i = 0; i < 3; ++i) {
    recorder.step();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  recorder.end(std::nullopt);
  const std::vector<double> steps = recorder.step_seconds();
  ASSERT_EQ(steps.size(), 2U);
  for (const double seconds : steps) EXPECT_GE(seconds, 0.005);
  EXPECT_GE(recorder.profile().seconds, steps[0] + steps[1] + 0.005);
  EXPECT_EQ(recorder.profile().device_bytes, 0U);
}

TEST(StageRecorder, images_share_seconds_and_transfers_but_no_peak) {
  const StageProfile whole{.seconds = 6,
                           .peak = {.allocated = 7, .reserved = 8},
                           .device_bytes = 9,
                           .predicted = {1, 2},
                           .streamed = {30, 3, 1.5}};
  const StageProfile share = share_of(whole, 3);
  EXPECT_DOUBLE_EQ(share.seconds, 2);
  EXPECT_EQ(share.streamed.bytes, 10U);
  EXPECT_DOUBLE_EQ(share.streamed.seconds, 1);
  EXPECT_DOUBLE_EQ(share.streamed.hidden_share(), 0.5);
  EXPECT_EQ(share.peak.allocated, 7U);
  EXPECT_EQ(share.device_bytes, 9U);
  EXPECT_DOUBLE_EQ(share.predicted.seconds, 1);
}

TEST(Transfer, hidden_share_has_its_bounds) {
  EXPECT_DOUBLE_EQ((Transfer{100, 1, 3}).hidden_share(), 0);
  EXPECT_DOUBLE_EQ(Transfer{}.hidden_share(), 1);
}

TEST(PlanProfile, a_plan_tells_each_stage_and_itself) {
  plan::Plan plan;
  plan.budget_bytes = 8 * kMiB;
  plan.levers.cpu_offload = plan::CpuOffload::sequential;
  plan.stages = {{.stage = Stage::encode, .peak = {.weights = 1, .activations = 2, .context = 4}, .seconds = 0.1},
                 {.stage = Stage::decode, .peak = {.slots = 8, .workspace = 16}, .seconds = 0.3}};
  EXPECT_EQ(prediction(plan, Stage::encode).peak_bytes, 7U);
  EXPECT_EQ(prediction(plan, Stage::denoise).peak_bytes, 0U);
  EXPECT_EQ(prediction(plan, Stage::decode).peak_bytes, 24U);
  EXPECT_DOUBLE_EQ(prediction(plan, Stage::decode).seconds, 0.3);
  const PlanProfile profile = plan_profile({.plan = &plan, .rung = 3, .retries = 1});
  EXPECT_EQ(profile.budget_bytes, 8 * kMiB);
  EXPECT_EQ(profile.levers, "sequential offload");
  EXPECT_EQ(profile.rung, 3);
  EXPECT_EQ(profile.retries, 1);
}

TEST(PlanProfile, levers_in_words) {
  EXPECT_EQ(in_words(plan::Levers{}), "all resident");
  plan::Levers levers;
  levers.cpu_offload = plan::CpuOffload::component;
  levers.activations = {.heads_per_slice = 8, .rows_per_chunk = 1024};
  levers.vae = {.tiling = plan::VaeTiling::strips, .strip_rows = 256};
  EXPECT_EQ(in_words(levers),
            "component offload, attention by 8 heads, recompute by 1024 rows, VAE strips of 256 rows");
  levers = {};
  levers.vae = {.tiling = plan::VaeTiling::tiles, .tile = 64};
  EXPECT_EQ(in_words(levers), "VAE tiles of 64 latents (approximate)");
}

}  // namespace
}  // namespace zimage
