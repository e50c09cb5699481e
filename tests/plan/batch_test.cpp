// How many images share an evaluation, and how many a window.
#include "plan/activations.h"
#include "plan/full_model.h"
#include "plan/window.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using namespace plan;
using test::full_problem;
using test::h200;
using test::kGiB;

Plan planned(const Problem& problem, std::uint64_t budget_bytes, std::int64_t max_batch) {
  const Policy policy{.budget_bytes = budget_bytes, .max_batch = max_batch};
  return make_plan(problem, h200(), policy).plan.value();
}

TEST(Batch, one_image_at_a_time_unless_a_policy_allows_more) {
  EXPECT_EQ(planned(full_problem(), 4 * kGiB, 1).batch, 1);
}

TEST(Batch, one_image_at_a_time_where_nothing_streams_and_images_fill_the_device) {
  EXPECT_EQ(planned(full_problem(), 64 * kGiB, 8).batch, 1);
}

TEST(Batch, images_share_the_trips_of_weights_that_stream) {
  const Plan alone = planned(full_problem(), 4 * kGiB, 1), together = planned(full_problem(), 4 * kGiB, 8);
  EXPECT_GT(together.batch, 1);
  EXPECT_LT(together.seconds(), 0.8 * alone.seconds());
  EXPECT_LE(together.peak_bytes(), 4 * kGiB);
  EXPECT_GT(together.stages[1].peak.activations, alone.stages[1].peak.activations);
}

TEST(Batch, small_images_fill_the_device_together) {
  const Plan together = planned(full_problem(128, 128), 64 * kGiB, 8);
  EXPECT_GT(together.batch, 1);
  EXPECT_LT(together.seconds(), planned(full_problem(128, 128), 64 * kGiB, 1).seconds());
}

TEST(Batch, never_more_than_allowed_nor_than_indices_reach) {
  for (const std::int64_t most : {2, 3, 5, 8, 64}) EXPECT_LE(planned(full_problem(), 3 * kGiB, most).batch, most);
  EXPECT_EQ(planned(full_problem(4096, 4096), 12 * kGiB, 8).batch, 1);
}

TEST(Batch, weights_stream_once_for_a_batch) {
  Problem problem = full_problem();
  std::uint64_t evaluated = 0;
  for (const Unit& unit : problem.units) evaluated += unit.use == Use::evaluation ? unit.bytes : 0;
  const Plan together = planned(problem, 3 * kGiB, 8);
  ASSERT_GT(together.batch, 1);
  const std::uint64_t trips = static_cast<std::uint64_t>(problem.image.evaluations) + 1;  // and the refiner's
  EXPECT_LE(together.stages[1].streamed_bytes, trips * evaluated);
}

TEST(Batch, activations_grow_by_the_image) {
  Problem problem = full_problem();
  std::uint64_t before = denoise_activations(problem, h200(), {});
  for (problem.image.batch = 2; problem.image.batch <= 8; ++problem.image.batch) {
    const std::uint64_t now = denoise_activations(problem, h200(), {});
    EXPECT_GT(now, before + 100 * test::kMiB) << problem.image.batch;
    before = now;
  }
}

TEST(Batch, every_rung_of_the_ladder_needs_less_and_fits) {
  const Policy policy{.budget_bytes = 6 * kGiB, .max_batch = 8};
  const std::vector<Plan> ladder = plan_ladder(full_problem(), h200(), policy);
  ASSERT_GT(ladder.size(), 3U);
  for (std::size_t i = 1; i < ladder.size(); ++i) EXPECT_LT(ladder[i].peak_bytes(), ladder[i - 1].peak_bytes());
  EXPECT_EQ(ladder.back().batch, 1);
}

TEST(Batch, a_larger_budget_is_never_slower_by_more_than_the_margin) {
  double least = 1e9;
  for (std::uint64_t budget = 3 * kGiB; budget <= 24 * kGiB; budget += kGiB / 4) {
    const double seconds = planned(full_problem(), budget, 8).seconds();
    EXPECT_LE(seconds, 1.02 * least) << budget;
    least = std::min(least, seconds);
  }
}

TEST(Window, holds_a_batch_where_nothing_is_shared) {
  EXPECT_EQ(window_images(planned(full_problem(), 64 * kGiB, 1), full_problem(), h200()), 1);
  const Plan small = planned(full_problem(128, 128), 64 * kGiB, 8);
  EXPECT_EQ(window_images(small, full_problem(128, 128), h200()), small.batch);
}

TEST(Window, is_as_long_as_the_text_encoder_asks_and_no_longer) {
  for (const std::uint64_t budget : {4 * kGiB, 12 * kGiB}) {
    for (const std::int64_t batch : {1, 8}) {
      const Plan plan = planned(full_problem(), budget, batch);
      ASSERT_GT(plan.stages[0].streamed_bytes, 0U);
      const int images = window_images(plan, full_problem(), h200());
      const double image = plan.stages[1].seconds + plan.stages[2].seconds;
      const double shared = plan.stages[0].seconds * static_cast<double>(plan.batch);
      EXPECT_LE(shared, 0.02 * image * images);
      EXPECT_GT(shared, 0.02 * image * (images - static_cast<int>(plan.batch)));
      EXPECT_EQ(images % plan.batch, 0);
    }
  }
}

TEST(Window, has_its_bounds) {
  const Plan plan = planned(full_problem(), 12 * kGiB, 1);
  Machine machine = h200();
  machine.host_bytes = kGiB / 4;  // three times what one image keeps there
  EXPECT_LE(window_images(plan, full_problem(), machine), 3);
  Plan slow = plan;
  slow.stages[0].seconds = 100;
  EXPECT_EQ(window_images(slow, full_problem(), h200()), 64);
  slow.batch = 7;
  EXPECT_EQ(window_images(slow, full_problem(), h200()), 63);
}

}  // namespace
}  // namespace zimage
