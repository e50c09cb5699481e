// Windows of images: the same as one at a time, under every plan; what fails alone, and what is not done twice.
#include "zimage/error.h"
#include "zimage/pipeline.h"

#include "checkpoint/units.h"
#include "plan/plan.h"
#include "runtime/machine.h"
#include "sampling/noise.h"
#include "support/counting_allocator.h"
#include "support/devices.h"
#include "support/expect_error.h"
#include "support/fixture.h"

#include <gtest/gtest.h>

#include <map>
#include <tuple>

namespace zimage {
namespace {

using Outcomes = std::vector<std::optional<Outcome>>;

class Windows : public testing::Test {
 protected:
  PipelineOptions options(int max_batch, const MemoryOptions& memory = {}) const {
    return {.model_dir = case_.checkpoint_dir(),
            .device = "cpu",
            .dtype = "fp32",
            .threads = 1,
            .memory = memory,
            .images = {case_.request.width, case_.request.height, case_.request.steps, false, max_batch}};
  }

  // Prompts of several lengths, one of them twice.
  std::vector<Request> requests(double guidance = 0) const {
    std::vector<Request> requests;
    const std::string long_prompt =
        "a very long description of a small boat on a lake at dawn, with reeds and fog and "
        "a heron that waits for a fish in the shallow water near the old wooden pier";
    for (const std::string& prompt : {std::string("a cat"), long_prompt, std::string("a cat"), std::string("")}) {
      Request request = case_.request;
      request.prompt = prompt;
      request.seed = 100 + requests.size();
      request.guidance_scale = guidance;
      requests.push_back(request);
    }
    return requests;
  }

  // By the requests' indices; each outcome has come once.
  Outcomes draw(Pipeline& pipeline, const std::vector<Request>& requests, const ProgressCallback& progress = {}) {
    Outcomes outcomes(requests.size());
    order_.clear();
    pipeline.generate_window(
        requests,
        [&](std::size_t index, Outcome outcome) {
          EXPECT_FALSE(outcomes.at(index)) << "again: " << index;
          EXPECT_NE(outcome.result.has_value(), outcome.error.has_value());
          outcomes[index] = std::move(outcome);
          order_.push_back(index);
        },
        progress);
    return outcomes;
  }

  // As the request is drawn by itself, once for each.
  const Result& alone(const Request& r) const {
    static std::map<std::tuple<std::string, int, std::uint64_t, double>, Result> drawn;
    const auto [found, is_new] = drawn.try_emplace({r.prompt, r.width, r.seed, r.guidance_scale});
    if (!is_new) return found->second;
    if (!one_by_one_) one_by_one_ = std::make_unique<Pipeline>(options(1));  // it goes on loading until it has drawn
    return found->second = one_by_one_->generate(r);
  }

  void expect_as_alone(const Outcomes& outcomes, const std::vector<Request>& requests) const {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      SCOPED_TRACE("image " + std::to_string(i));
      ASSERT_TRUE(outcomes[i] && outcomes[i]->result);
      const Result& expected = alone(requests[i]);
      EXPECT_LE(distance(*outcomes[i]->result, expected), 1e-5);
      EXPECT_EQ(outcomes[i]->result->image.width, expected.image.width);
      ASSERT_EQ(outcomes[i]->result->image.rgb.size(), expected.image.rgb.size());
    }
  }

  static double distance(const Result& a, const Result& b) {
    return test::relative_error(at::tensor(a.latents.values), at::tensor(b.latents.values));
  }

  std::vector<plan::Plan> ladder(int max_batch) const {
    const Checkpoint checkpoint(case_.checkpoint_dir());
    const plan::UnitTypes types{DType::f32, DType::f32};
    const plan::Problem problem{
        .model = {checkpoint.text_encoder_config(), checkpoint.transformer_config(), checkpoint.vae_config()},
        .units = units_of(checkpoint, types),
        .types = types,
        .image = {
            .width = case_.request.width, .height = case_.request.height, .evaluations = case_.request.steps - 1}};
    return plan_ladder(problem, measure_machine("cpu", 0), {.max_batch = max_batch});
  }

  static void TearDownTestSuite() { one_by_one_.reset(); }

  static test::FixtureCase small_case() {
    test::FixtureCase small = test::fixture_case("odd_tall");
    small.request.steps = 3;
    return small;
  }

  static inline std::unique_ptr<Pipeline> one_by_one_;
  test::FixtureCase case_ = small_case();
  std::vector<std::size_t> order_;  // of the outcomes
};

TEST_F(Windows, images_that_share_evaluations_are_the_same_as_alone) {
  Pipeline pipeline(options(2));
  for (const double guidance : {0.0, 3.0}) {
    SCOPED_TRACE("guidance " + std::to_string(guidance));
    const std::vector<Request> wanted = requests(guidance);
    const Outcomes outcomes = draw(pipeline, wanted);
    expect_as_alone(outcomes, wanted);
    for (const auto& outcome : outcomes) EXPECT_EQ(outcome->result->profile.batch, 2);
    EXPECT_EQ(order_, (std::vector<std::size_t>{0, 1, 2, 3}));
  }
}

TEST_F(Windows, the_last_batch_may_be_smaller) {
  Pipeline pipeline(options(2));
  std::vector<Request> wanted = requests();
  wanted.pop_back();
  const Outcomes outcomes = draw(pipeline, wanted);
  expect_as_alone(outcomes, wanted);
  EXPECT_EQ(outcomes[1]->result->profile.batch, 2);
  EXPECT_EQ(outcomes[2]->result->profile.batch, 1);
}

TEST_F(Windows, without_a_batch_images_are_bit_for_bit_the_same_as_alone) {
  Pipeline pipeline(options(1));
  const std::vector<Request> wanted = requests();
  const Outcomes outcomes = draw(pipeline, wanted);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Result& expected = alone(wanted[i]);
    EXPECT_EQ(outcomes[i]->result->latents.values, expected.latents.values) << i;
    EXPECT_EQ(outcomes[i]->result->image.rgb, expected.image.rgb) << i;
  }
}

TEST_F(Windows, images_of_several_sizes_share_with_their_like) {
  Pipeline pipeline(options(4));
  std::vector<Request> wanted = requests();
  wanted[1].width = wanted[1].height = wanted[3].width = wanted[3].height = 16;
  const Outcomes outcomes = draw(pipeline, wanted);
  expect_as_alone(outcomes, wanted);
  EXPECT_EQ(order_, (std::vector<std::size_t>{0, 2, 1, 3}));
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome->result->profile.batch, 2);
}

TEST_F(Windows, every_rung_of_the_ladder_draws_the_same_and_takes_what_it_says) {
  const std::vector<plan::Plan> rungs = ladder(2);
  ASSERT_GT(rungs.size(), 3U);
  const std::vector<Request> wanted = requests();
  for (const Request& request : wanted) alone(request);  // before memory is counted
  for (const plan::Plan& rung : rungs) {
    SCOPED_TRACE("budget " + std::to_string(rung.peak_bytes()) + ", batch " + std::to_string(rung.batch));
    Outcomes outcomes;
    {
      const test::CountingAllocator memory;
      const std::int64_t before = memory.live_bytes();
      Pipeline pipeline(options(2, {.budget_bytes = rung.peak_bytes()}));
      outcomes = draw(pipeline, wanted);
      EXPECT_EQ(memory.allocations_of(static_cast<std::int64_t>(rung.arena.bytes)), 1);
      EXPECT_LE(memory.peak_bytes() - before, static_cast<std::int64_t>(rung.peak_bytes()));
    }
    expect_as_alone(outcomes, wanted);
    EXPECT_EQ(outcomes[0]->result->profile.batch, rung.batch);
  }
  EXPECT_GT(rungs.front().batch, 1);
}

TEST_F(Windows, noise_is_that_of_the_seed_alone_bit_for_bit) {
  Pipeline pipeline(options(4));
  std::vector<Request> wanted = requests();
  const Outcomes seeded = draw(pipeline, wanted);
  for (Request& request : wanted) {
    request.initial_noise = to_latents(
        initial_noise({16, request.height / 8, request.width / 8}, request.seed, NoiseSource::cpu, at::kCPU));
    request.seed = 0;
  }
  const Outcomes given = draw(pipeline, wanted);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(given[i]->result->latents.values, seeded[i]->result->latents.values) << i;
  }
}

TEST_F(Windows, each_prompt_is_encoded_once) {
  Pipeline pipeline(options(2));
  const Outcomes outcomes = draw(pipeline, requests());
  EXPECT_EQ(outcomes[0]->result->profile.encodes, 3);
  EXPECT_EQ(outcomes[0]->result->profile.window, 4);
  std::vector<Request> many;  // more than the cache keeps
  for (int i = 0; i < 7; ++i) {
    many.push_back(case_.request);
    many.back().prompt = "a cat, number " + std::to_string(i % 6);
  }
  many.push_back(requests()[0]);  // it has this one
  const Outcomes more = draw(pipeline, many);
  EXPECT_EQ(more[0]->result->profile.encodes, 6);
  expect_as_alone(more, many);
}

TEST_F(Windows, an_image_that_is_not_finite_does_not_touch_the_others) {
  Pipeline pipeline(options(4));
  std::vector<Request> wanted = requests();
  Latents noise{16, wanted[1].height / 8, wanted[1].width / 8, {}};
  noise.values.assign(static_cast<std::size_t>(16 * noise.height * noise.width), 3e38f);
  wanted[1].initial_noise = noise;
  Outcomes outcomes = draw(pipeline, wanted);
  ASSERT_TRUE(outcomes[1]->error);
  EXPECT_EQ(outcomes[1]->error->kind(), ErrorKind::numeric);
  EXPECT_EQ(order_.size(), 4U);
  wanted.erase(wanted.begin() + 1);
  outcomes.erase(outcomes.begin() + 1);
  expect_as_alone(outcomes, wanted);
}

TEST_F(Windows, a_request_that_breaks_a_rule_comes_first_and_stops_nothing) {
  Pipeline pipeline(options(2));
  std::vector<Request> wanted = requests();
  wanted[2].width = 1000;
  const Outcomes outcomes = draw(pipeline, wanted);
  ASSERT_TRUE(outcomes[2]->error);
  EXPECT_EQ(outcomes[2]->error->kind(), ErrorKind::usage);
  EXPECT_NE(std::string(outcomes[2]->error->what()).find("width 1000"), std::string::npos);
  EXPECT_EQ(order_, (std::vector<std::size_t>{2, 0, 1, 3}));
  EXPECT_TRUE(outcomes[0]->result && outcomes[1]->result && outcomes[3]->result);
}

TEST_F(Windows, what_was_handed_over_before_a_cancel_is_complete) {
  Pipeline pipeline(options(2));
  const std::vector<Request> wanted = requests();
  std::vector<std::pair<std::size_t, Result>> done;
  const auto keep = [&](std::size_t index, Outcome outcome) { done.emplace_back(index, *outcome.result); };
  const auto until_the_third = [](const Progress& p) { return p.stage != Stage::denoise || p.image < 3; };
  EXPECT_THROW(pipeline.generate_window(wanted, keep, until_the_third), Cancelled);
  ASSERT_EQ(done.size(), 2U);
  for (const auto& [index, result] : done) EXPECT_LE(distance(result, alone(wanted[index])), 1e-5);
  expect_as_alone(draw(pipeline, wanted), wanted);
}

TEST_F(Windows, progress_tells_the_image_and_the_step) {
  Pipeline pipeline(options(1));
  const std::vector<Request> wanted = requests();
  std::vector<int> denoised;
  draw(pipeline, wanted, [&](const Progress& p) {
    EXPECT_EQ(p.images, p.stage == Stage::load ? p.images : 4);
    if (p.stage == Stage::denoise && p.step == 1) denoised.push_back(p.image);
    return true;
  });
  EXPECT_EQ(denoised, (std::vector<int>{1, 2, 3, 4}));
}

TEST_F(Windows, memory_that_runs_out_midway_costs_only_what_is_missing) {
  Pipeline pipeline(options(1, {.oom_retry_delay_seconds = 0}));
  pipeline.load();
  const std::vector<Request> wanted = requests();
  Outcomes outcomes(wanted.size());
  test::CountingAllocator memory;
  pipeline.generate_window(wanted, [&](std::size_t index, Outcome outcome) {
    EXPECT_FALSE(outcomes[index]);
    outcomes[index] = std::move(outcome);
    if (index == 1) memory.fail_at(40);
  });
  EXPECT_EQ(outcomes[1]->result->profile.plan.retries, 0);
  EXPECT_EQ(outcomes[2]->result->profile.plan.retries, 1);
  EXPECT_EQ(outcomes[2]->result->profile.window, 2);
  expect_as_alone(outcomes, wanted);
}

TEST_F(Windows, an_allocation_that_fails_anywhere_is_overcome) {
  const std::vector<Request> wanted = requests();
  for (const std::int64_t nth : {0, 60, 400, 900}) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    Pipeline pipeline(options(3, {.oom_retry_delay_seconds = 0}));
    pipeline.load();
    Outcomes outcomes;
    {
      test::CountingAllocator memory;
      memory.fail_at(nth);
      outcomes = draw(pipeline, wanted);
    }
    expect_as_alone(outcomes, wanted);
  }
}

TEST_F(Windows, a_strict_plan_throws_and_keeps_what_was_handed_over) {
  Pipeline pipeline(options(1, {.strict_plan = true, .oom_retry_delay_seconds = 0}));
  pipeline.load();
  int done = 0;
  test::CountingAllocator memory;
  const auto fail_after_the_first = [&](std::size_t, const Outcome& outcome) {
    EXPECT_TRUE(outcome.result);
    if (++done == 1) memory.fail_at(40);
  };
  test::expect_error(ErrorKind::memory, {"memory"},
                     [&] { pipeline.generate_window(requests(), fail_after_the_first); });
  EXPECT_EQ(done, 1);
}

TEST_F(Windows, generate_draws_alone_under_a_plan_for_batches) {
  const Result result = Pipeline(options(4)).generate(requests()[0]);
  EXPECT_EQ(result.profile.batch, 1);
  EXPECT_LE(distance(result, alone(requests()[0])), 1e-6);
}

TEST_F(Windows, hold_more_where_the_text_encoder_leaves) {
  const Request request = requests()[0];
  EXPECT_EQ(Pipeline(options(1)).window_images(request), 1);
  const std::uint64_t least = ladder(1).back().peak_bytes();
  EXPECT_GT(Pipeline(options(1, {.budget_bytes = least})).window_images(request), 1);
}

TEST_F(Windows, of_no_request_draw_nothing) {
  Pipeline pipeline(options(1));
  EXPECT_TRUE(draw(pipeline, {}).empty());
}

TEST_F(Windows, images_on_cuda_are_the_same_as_alone_to_within_rounding) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  for (const char* dtype : {"fp32", "fp16"}) {
    PipelineOptions on_gpu = options(3), alone_on_gpu = options(1);
    on_gpu.device = alone_on_gpu.device = "cuda:0";
    on_gpu.dtype = alone_on_gpu.dtype = dtype;
    Pipeline pipeline(on_gpu), one_by_one(alone_on_gpu);
    const std::vector<Request> wanted = requests(2);
    const Outcomes outcomes = draw(pipeline, wanted);
    EXPECT_GT(outcomes[0]->result->profile.batch, 1);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double error = distance(*outcomes[i]->result, one_by_one.generate(wanted[i]));
      EXPECT_LE(error, dtype == std::string("fp32") ? 1e-5 : 1e-2) << dtype << " " << i;
    }
  }
}

}  // namespace
}  // namespace zimage
