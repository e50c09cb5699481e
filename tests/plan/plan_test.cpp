// What the planner promises for the budgets that the project names, and what it says when nothing fits.
#include "plan/plan.h"

#include "plan/full_model.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using namespace plan;
using test::full_problem;
using test::h200;
using test::kGiB;
using test::kMiB;

Policy budget(std::uint64_t bytes) { return {.budget_bytes = bytes}; }

Plan planned(const Problem& problem, const Policy& policy) {
  plan::Outcome outcome = make_plan(problem, h200(), policy);
  if (!outcome.plan) throw std::runtime_error("no plan: " + outcome.shortfall->suggestion);
  return *std::move(outcome.plan);
}

struct Row {
  std::int64_t size;
  std::uint64_t gib;
  double seconds;
};

class NamedBudget : public testing::TestWithParam<Row> {};

TEST_P(NamedBudget, fits_and_is_fast_enough) {
  const Row& row = GetParam();
  const Plan plan = planned(full_problem(row.size, row.size), budget(row.gib * kGiB));
  EXPECT_LE(plan.peak_bytes(), row.gib * kGiB);
  EXPECT_LE(plan.seconds(), row.seconds);
  EXPECT_NE(plan.levers.vae.tiling, VaeTiling::tiles);
}

INSTANTIATE_TEST_SUITE_P(OnH200, NamedBudget,
                         testing::Values(Row{1024, 16, 0.90}, Row{1024, 12, 0.95}, Row{1024, 8, 1.15},
                                         Row{1024, 6, 1.4}, Row{1024, 4, 1.9}, Row{2048, 12, 4.5}));

TEST(Plan, a_large_card_keeps_everything) {
  const Plan plan = planned(full_problem(), {});
  EXPECT_EQ(plan.levers.cpu_offload, CpuOffload::none);
  EXPECT_EQ(plan.host.weight_bytes, 0U);
  EXPECT_EQ(plan.levers.activations.heads_per_slice, 0);
  EXPECT_EQ(plan.levers.activations.rows_per_chunk, 0);
  EXPECT_EQ(plan.levers.vae.tiling, VaeTiling::whole);
  for (const StagePlan& stage : plan.stages) EXPECT_EQ(stage.streamed_bytes, 0U);
  EXPECT_NEAR(plan.seconds(), 0.77, 0.15 * 0.77);
  EXPECT_NEAR(static_cast<double>(plan.peak_bytes()), 21'052.0 * kMiB, 0.05 * 21'052 * kMiB);  // measured from outside
}

TEST(Plan, stages_add_up) {
  const Problem problem = full_problem();
  const Plan plan = planned(problem, budget(8 * kGiB));
  ASSERT_EQ(plan.stages.size(), 3U);
  std::uint64_t evaluated = 0;
  for (std::size_t i = 0; i < plan.arena.places.size(); ++i) {
    const Unit& unit = problem.units[i];
    if (unit.use == Use::evaluation && !plan.arena.places[i].resident) evaluated += unit.bytes;
  }
  EXPECT_GT(evaluated, 0U);
  EXPECT_GE(plan.stages[1].streamed_bytes, 8 * evaluated);
  for (const StagePlan& stage : plan.stages) {
    EXPECT_EQ(stage.peak.weights + stage.peak.slots, plan.arena.bytes);
    EXPECT_EQ(stage.peak.context, h200().context_bytes);
    EXPECT_GT(stage.peak.activations, 0U);
    EXPECT_GT(stage.seconds, 0);
  }
}

TEST(Plan, what_is_not_free_is_no_budget) {
  Machine crowded = h200();
  crowded.free_bytes = 6 * kGiB;
  const plan::Outcome outcome = make_plan(full_problem(), crowded, budget(12 * kGiB));
  ASSERT_TRUE(outcome.plan);
  EXPECT_LT(outcome.plan->budget_bytes, 6 * kGiB);
  EXPECT_LE(outcome.plan->peak_bytes(), outcome.plan->budget_bytes);
  EXPECT_EQ(make_plan(full_problem(), h200(), budget(5 * kGiB)).plan->budget_bytes, 5 * kGiB);
}

TEST(Plan, short_host_memory_streams_from_files) {
  Policy policy = budget(6 * kGiB);
  const Plan plenty = planned(full_problem(), policy);
  EXPECT_EQ(plenty.host.from_file_bytes, 0U);
  policy.host_budget_bytes = 2 * kGiB;
  const Plan plan = planned(full_problem(), policy);
  EXPECT_LE(plan.host.weight_bytes, 2 * kGiB);
  EXPECT_GT(plan.host.from_file_bytes, 0U);
  EXPECT_GT(plan.seconds(), plenty.seconds());
}

TEST(Plan, a_shortfall_says_how_much_is_missing_and_what_would_fit) {
  Machine tiny = h200();
  const plan::Outcome outcome = make_plan(full_problem(2048, 2048), tiny, budget(2 * kGiB));
  ASSERT_FALSE(outcome.plan);
  const Shortfall& shortfall = *outcome.shortfall;
  EXPECT_EQ(shortfall.budget_bytes, 2 * kGiB);
  EXPECT_EQ(shortfall.closest.peak_bytes(), 2 * kGiB + shortfall.missing_bytes);
  EXPECT_TRUE(make_plan(full_problem(2048, 2048), tiny, budget(2 * kGiB + shortfall.missing_bytes)).plan);
  EXPECT_FALSE(make_plan(full_problem(2048, 2048), tiny, budget(2 * kGiB + shortfall.missing_bytes - 1)).plan);
}

TEST(Plan, the_suggestion_fits_when_it_is_planned) {
  Policy policy = budget(2 * kGiB);
  policy.vae_tiling = VaeTiling::tiles;
  const plan::Outcome outcome = make_plan(full_problem(4096, 2048), h200(), policy);
  ASSERT_FALSE(outcome.plan);
  long width = 0, height = 0;
  ASSERT_EQ(std::sscanf(outcome.shortfall->suggestion.c_str(), "--width %ld --height %ld", &width, &height), 2)
      << outcome.shortfall->suggestion;
  EXPECT_LT(width, 4096);
  EXPECT_NEAR(static_cast<double>(width) / static_cast<double>(height), 2, 0.1);
  EXPECT_TRUE(make_plan(full_problem(width, height), h200(), policy).plan);
}

TEST(Plan, a_forbidden_lever_is_suggested_before_a_smaller_image) {
  Policy policy = budget(8 * kGiB);
  policy.cpu_offload = CpuOffload::none;
  plan::Outcome outcome = make_plan(full_problem(), h200(), policy);
  ASSERT_FALSE(outcome.plan);
  EXPECT_EQ(outcome.shortfall->suggestion, "--cpu-offload auto");
  policy = budget(4 * kGiB);
  outcome = make_plan(full_problem(2048, 2048, DType::f32), h200(), policy);
  ASSERT_FALSE(outcome.plan);
}

TEST(Plan, when_no_change_helps_the_least_budget_is_named) {
  const plan::Outcome outcome = make_plan(full_problem(), h200(), budget(512 * kMiB));
  ASSERT_FALSE(outcome.plan);
  EXPECT_EQ(outcome.shortfall->suggestion.substr(0, 14), "--vram-budget ");
}

TEST(Plan, the_ladder_goes_down) {
  const std::vector<Plan> ladder = plan_ladder(full_problem(), h200(), {});
  ASSERT_GT(ladder.size(), 10U);
  EXPECT_EQ(ladder.front().levers.cpu_offload, CpuOffload::none);
  for (std::size_t i = 1; i < ladder.size(); ++i) {
    EXPECT_LT(ladder[i].peak_bytes(), ladder[i - 1].peak_bytes());
    EXPECT_GE(ladder[i].seconds(), ladder[i - 1].seconds());
    EXPECT_NE(ladder[i].levers.vae.tiling, VaeTiling::tiles);
  }
  EXPECT_EQ(ladder.back().peak_bytes(),
            make_plan(full_problem(), h200(), budget(kGiB)).shortfall->closest.peak_bytes());
}

}  // namespace
}  // namespace zimage
