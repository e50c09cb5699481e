// What a picture's profile holds beside the clock: sampled peaks, and what the plan and the streams report.
#include "pipeline/plan_profile.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

void run_through(Profiler& profiler) {
  profiler.end_encode();
  profiler.begin_denoise();
  profiler.step();
  profiler.step();
  profiler.begin_decode();
  profiler.end();
}

TEST(Profiler, each_stage_has_the_sampled_peak_of_its_own_time) {
  std::uint64_t bytes = 0;
  MemorySampler sampler([&] { return MemoryReading{bytes, {}, {}, 0}; }, std::chrono::hours(1));
  while (sampler.samples().empty()) std::this_thread::yield();  // from here on the marks alone read
  Profiler profiler(at::kCPU, &sampler);
  bytes = 300;
  profiler.end_encode();
  bytes = 200;
  profiler.begin_denoise();
  profiler.step();
  profiler.step();
  bytes = 900;
  profiler.begin_decode();
  bytes = 100;
  profiler.end();
  const Profile profile = profiler.profile(1);
  EXPECT_EQ(profile.encode.device_bytes, 300U);
  EXPECT_EQ(profile.denoise.device_bytes, 900U);
  EXPECT_EQ(profile.decode.device_bytes, 100U);
  EXPECT_GT(profile.host.resident_bytes, kMiB);
  std::vector<std::optional<Stage>> stages;
  for (const MemorySample& sample : sampler.samples()) stages.push_back(sample.stage);
  EXPECT_EQ(stages, (std::vector<std::optional<Stage>>{Stage::load, Stage::load, Stage::encode, Stage::load,
                                                       Stage::denoise, Stage::decode}));
}

TEST(Profiler, without_a_sampler_what_is_unknown_is_zero) {
  Profiler profiler(at::kCPU, nullptr);
  run_through(profiler);
  const Profile profile = profiler.profile(1);
  EXPECT_EQ(profile.denoise.device_bytes, 0U);
  EXPECT_EQ(profile.denoise.predicted.peak_bytes, 0U);
  EXPECT_EQ(profile.evaluation_seconds.size(), 1U);
  EXPECT_EQ(profile.plan.levers, "");
}

TEST(Profiler, transfers_of_a_stage_add_up) {
  Profiler profiler(at::kCPU, nullptr);
  profiler.add_transfer(Stage::denoise, {100, 0.5, 0.5});
  profiler.add_transfer(Stage::denoise, {50, 1.5, 0});
  run_through(profiler);
  const Transfer streamed = profiler.profile(1).denoise.streamed;
  EXPECT_EQ(streamed.bytes, 150U);
  EXPECT_DOUBLE_EQ(streamed.seconds, 2);
  EXPECT_DOUBLE_EQ(streamed.hidden_share(), 0.75);
  EXPECT_DOUBLE_EQ((Transfer{100, 1, 3}).hidden_share(), 0);
  EXPECT_DOUBLE_EQ(Transfer{}.hidden_share(), 1);
}

TEST(Profiler, a_plan_tells_each_stage_and_itself) {
  plan::Plan plan;
  plan.budget_bytes = 8 * kMiB;
  plan.levers.cpu_offload = plan::CpuOffload::sequential;
  plan.stages = {{.stage = Stage::encode, .peak = {.weights = 1, .activations = 2, .context = 4}, .seconds = 0.1},
                 {.stage = Stage::decode, .peak = {.slots = 8, .workspace = 16}, .seconds = 0.3}};
  Profiler profiler(at::kCPU, nullptr);
  describe_plan(profiler, {.plan = &plan, .rung = 3, .retries = 1});
  profiler.set_pinned_bytes(5 * kMiB);
  run_through(profiler);
  const Profile profile = profiler.profile(1);
  EXPECT_EQ(profile.encode.predicted.peak_bytes, 7U);
  EXPECT_EQ(profile.denoise.predicted.peak_bytes, 0U);
  EXPECT_EQ(profile.decode.predicted.peak_bytes, 24U);
  EXPECT_DOUBLE_EQ(profile.decode.predicted.seconds, 0.3);
  EXPECT_EQ(profile.plan.budget_bytes, 8 * kMiB);
  EXPECT_EQ(profile.plan.levers, "sequential offload");
  EXPECT_EQ(profile.plan.rung, 3);
  EXPECT_EQ(profile.plan.retries, 1);
  EXPECT_EQ(profile.host.pinned_bytes, 5 * kMiB);
}

TEST(Profiler, levers_in_words) {
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
