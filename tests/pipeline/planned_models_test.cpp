// Plans carried out: whole runs of a tiny checkpoint on the CPU, whose memory is counted by who knows of no plan.
#include "zimage/error.h"
#include "zimage/pipeline.h"

#include "checkpoint/units.h"
#include "plan/plan.h"
#include "runtime/machine.h"
#include "support/counting_allocator.h"
#include "support/expect_error.h"
#include "support/fixture.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

class Planned : public testing::Test {
 protected:
  PipelineOptions options(const MemoryOptions& memory) const {
    return {.model_dir = case_.checkpoint_dir(),
            .device = "cpu",
            .dtype = "fp32",
            .memory = memory,
            .images = {case_.request.width, case_.request.height, case_.request.steps, false}};
  }

  std::vector<plan::Plan> ladder() const {
    const Checkpoint checkpoint(case_.checkpoint_dir());
    const plan::UnitTypes types{DType::f32, DType::f32};
    const plan::Problem problem{
        .model = {checkpoint.text_encoder_config(), checkpoint.transformer_config(), checkpoint.vae_config()},
        .units = units_of(checkpoint, types),
        .types = types,
        .image = {
            .width = case_.request.width, .height = case_.request.height, .evaluations = case_.request.steps - 1}};
    return plan_ladder(problem, measure_machine("cpu", 0), {});
  }

  // Of the latents, by their largest value.
  double distance(const Result& a, const Result& b) const { return test::relative_error(to_tensor(a), to_tensor(b)); }

  test::FixtureCase case_ = test::fixture_case("odd_tall");

 private:
  static at::Tensor to_tensor(const Result& result) { return at::tensor(result.latents.values); }
};

TEST_F(Planned, R20_every_rung_of_the_ladder_draws_the_same_and_takes_what_it_says) {
  const std::vector<plan::Plan> rungs = ladder();
  ASSERT_GT(rungs.size(), 3U);
  const Result expected = Pipeline(options({})).generate(case_.request);
  for (const plan::Plan& rung : rungs) {
    SCOPED_TRACE("budget " + std::to_string(rung.peak_bytes()));
    const test::CountingAllocator memory;
    const std::int64_t before = memory.live_bytes();
    const Result result = Pipeline(options({.budget_bytes = rung.peak_bytes()})).generate(case_.request);
    EXPECT_LE(distance(result, expected), 1e-5);
    EXPECT_EQ(memory.allocations_of(static_cast<std::int64_t>(rung.arena.bytes)), 1);
    EXPECT_LE(memory.peak_bytes() - before, static_cast<std::int64_t>(rung.peak_bytes()));
    EXPECT_EQ(memory.live_bytes(), before);
  }
}

TEST_F(Planned, R17_what_does_not_fit_is_refused_before_a_weight_is_read) {
  const test::CountingAllocator memory;
  const std::uint64_t budget = ladder().back().peak_bytes() / 2;
  test::expect_error(ErrorKind::memory, {"does not fit", "MiB are missing"},
                     [&] { Pipeline(options({.budget_bytes = budget})); });
  EXPECT_LT(memory.peak_bytes(), 1 << 20);
}

TEST_F(Planned, R18_R27_an_image_that_runs_out_of_memory_is_drawn_with_a_smaller_plan) {
  const Result expected = Pipeline(options({})).generate(case_.request);
  Pipeline pipeline(options({.oom_retry_delay_seconds = 0}));
  pipeline.load();
  test::CountingAllocator memory;
  memory.fail_at(40);
  const Result result = pipeline.generate(case_.request);
  EXPECT_LE(distance(result, expected), 1e-5);
  EXPECT_EQ(result.profile.plan.retries, 1);
}

TEST_F(Planned, a_decode_that_runs_out_of_memory_is_tried_again) {
  const Result expected = Pipeline(options({})).generate(case_.request);
  Pipeline pipeline(options({.strict_plan = true, .oom_retry_delay_seconds = 0}));
  pipeline.load();
  test::CountingAllocator memory;
  const Result result = pipeline.generate(case_.request, [&](const Progress& progress) {
    if (progress.stage == Stage::decode) memory.fail_at(10);
    return true;
  });
  EXPECT_EQ(result.image.rgb, expected.image.rgb);
}

TEST_F(Planned, R19_a_decode_that_runs_out_of_memory_twice_goes_on_by_strips) {
  const Result expected = Pipeline(options({})).generate(case_.request);
  Pipeline pipeline(options({.oom_retry_delay_seconds = 0}));
  pipeline.load();
  test::CountingAllocator memory;
  const auto fail_in_the_decode = [&](const Progress& progress) {
    if (progress.stage == Stage::decode) memory.fail_at(10, 2);
    return true;
  };
  const Result result = pipeline.generate(case_.request, fail_in_the_decode);
  EXPECT_EQ(result.latents.values, expected.latents.values);
  EXPECT_EQ(result.profile.plan.retries, 0);
  ASSERT_EQ(result.image.rgb.size(), expected.image.rgb.size());
  for (std::size_t i = 0; i < result.image.rgb.size(); ++i) ASSERT_NEAR(result.image.rgb[i], expected.image.rgb[i], 1);
}

TEST_F(Planned, R20_below_the_last_rung_an_image_fails_and_the_next_one_is_drawn) {
  const Result expected = Pipeline(options({})).generate(case_.request);
  Pipeline pipeline(options({.budget_bytes = ladder().back().peak_bytes(), .oom_retry_delay_seconds = 0}));
  pipeline.load();
  test::CountingAllocator memory;
  memory.fail_at(40);
  test::expect_error(ErrorKind::memory, {"memory"}, [&] { pipeline.generate(case_.request); });
  pipeline.load();
  EXPECT_LE(distance(pipeline.generate(case_.request), expected), 1e-5);
}

TEST_F(Planned, R18_a_strict_plan_fails_instead) {
  Pipeline pipeline(options({.strict_plan = true, .oom_retry_delay_seconds = 0}));
  pipeline.load();
  test::CountingAllocator memory;
  memory.fail_at(40);
  test::expect_error(ErrorKind::memory, {"memory"}, [&] { pipeline.generate(case_.request); });
}

// Only memory is worth another try: what else a device reports stays.
TEST_F(Planned, R25_R26_a_device_that_fails_is_not_tried_again) {
  for (const char* failure : {"CUDA error: no kernel image is available for execution on the device",
                              "CUDA error: an illegal memory access was encountered"}) {
    Pipeline pipeline(options({.oom_retry_delay_seconds = 0}));
    int evaluations = 0;
    const auto fail_at_the_second = [&](const Progress& progress) {
      if (progress.stage == Stage::denoise && ++evaluations == 2) TORCH_CHECK(false, failure);
      return true;
    };
    test::expect_error(ErrorKind::device, {failure}, [&] { pipeline.generate(case_.request, fail_at_the_second); });
    EXPECT_EQ(evaluations, 2);
  }
}

TEST_F(Planned, a_larger_image_than_planned_is_planned_again) {
  PipelineOptions small = options({});
  small.images.width = small.images.height = 16;
  const Result expected = Pipeline(options({})).generate(case_.request);
  EXPECT_LE(distance(Pipeline(small).generate(case_.request), expected), 1e-5);
}

}  // namespace
}  // namespace zimage
