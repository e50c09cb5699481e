// What holds for every plan: 10,000 random budgets, sizes, machines, types and policies.
#include "plan/full_model.h"
#include "plan/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace zimage {
namespace {

using namespace plan;
using test::full_problem;
using test::h200;
using test::kGiB;
using test::kMiB;

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  template <class Value>
  Value one_of(std::initializer_list<Value> values) {
    return values.begin()[between(0, static_cast<std::int64_t>(values.size()) - 1)];
  }

  Problem problem() {
    const std::int64_t width = 16 * between(4, 160), height = 16 * between(4, 160);
    Problem problem = full_problem(width, height, one_of({DType::f16, DType::bf16, DType::f32}));
    problem.image.prompt_tokens = between(1, 512);
    problem.image.guided = between(0, 1) == 1;
    problem.image.evaluations = between(1, 30) * (problem.image.guided ? 2 : 1);
    return problem;
  }
  Machine machine() {
    Machine machine = h200();
    machine.capability = one_of({75, 80, 86, 89, 90, 120});
    machine.device_bytes = static_cast<std::uint64_t>(between(2 * kGiB, 80 * kGiB));
    machine.free_bytes = static_cast<std::uint64_t>(between(kGiB, static_cast<std::int64_t>(machine.device_bytes)));
    machine.link_bytes_per_second = 1e9 * static_cast<double>(between(3, 60));
    machine.memory_bytes_per_second = 1e9 * static_cast<double>(between(100, 4800));
    machine.tflops = {static_cast<double>(between(5, 700)), static_cast<double>(between(2, 700)),
                      static_cast<double>(between(2, 60))};
    machine.host_bytes = static_cast<std::uint64_t>(between(4 * kGiB, 128 * kGiB));
    return machine;
  }
  Policy policy() {
    Policy policy;
    if (between(0, 2) > 0) policy.budget_bytes = static_cast<std::uint64_t>(between(kGiB, 30 * kGiB));
    if (between(0, 4) == 0) policy.host_budget_bytes = static_cast<std::uint64_t>(between(0, 24 * kGiB));
    if (between(0, 3) == 0)
      policy.cpu_offload = one_of({CpuOffload::none, CpuOffload::component, CpuOffload::sequential});
    if (between(0, 3) == 0) policy.heads_per_slice = between(0, 30);
    if (between(0, 3) == 0) policy.activation_recompute = between(0, 1) == 1;
    if (between(0, 3) == 0) policy.vae_tiling = one_of({VaeTiling::whole, VaeTiling::strips, VaeTiling::tiles});
    policy.allow_approximate = between(0, 3) == 0;
    return policy;
  }

 private:
  std::mt19937_64 random_;
};

void expect_within(const Plan& plan, const Machine& machine, const Policy& policy) {
  EXPECT_LE(plan.budget_bytes, machine.free_bytes);
  if (policy.budget_bytes) {
    EXPECT_LE(plan.budget_bytes, *policy.budget_bytes);
  }
  for (const StagePlan& stage : plan.stages) EXPECT_LE(stage.peak.total(), plan.budget_bytes);
  if (policy.host_budget_bytes) {
    EXPECT_LE(plan.host.weight_bytes, *policy.host_budget_bytes);
  }
}

void expect_obeyed(const Levers& levers, const Policy& policy) {
  if (policy.cpu_offload) {
    EXPECT_EQ(levers.cpu_offload, *policy.cpu_offload);
  }
  if (policy.heads_per_slice) {
    EXPECT_EQ(levers.activations.heads_per_slice, *policy.heads_per_slice);
  }
  if (policy.activation_recompute) {
    EXPECT_EQ(levers.activations.rows_per_chunk > 0, *policy.activation_recompute);
  }
  if (policy.vae_tiling) {
    EXPECT_EQ(levers.vae.tiling, *policy.vae_tiling);
  }
  if (policy.vae_tiling != VaeTiling::tiles && !policy.allow_approximate) {
    EXPECT_NE(levers.vae.tiling, VaeTiling::tiles);
  }
}

void expect_placed(const Plan& plan, const Units& units) {
  std::vector<std::size_t> order(units.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return plan.arena.places[a].offset < plan.arena.places[b].offset;
  });
  std::uint64_t resident_end = 0;
  for (const std::size_t i : order) {
    const Place& place = plan.arena.places[i];
    EXPECT_EQ(place.offset % kPlaceAlignment, 0U);
    EXPECT_LE(place.offset + units[i].bytes, plan.arena.bytes);
    EXPECT_GE(place.offset, resident_end) << units[i].name << " lies on a resident unit";
    if (place.resident) resident_end = place.offset + units[i].bytes;
  }
  EXPECT_EQ(plan.stages[0].peak.weights + plan.stages[0].peak.slots, plan.arena.bytes);
}

void expect_monotone(const Plan& plan, const Problem& problem, const Machine& machine, Policy policy,
                     std::uint64_t more) {
  policy.budget_bytes = plan.budget_bytes + more;
  const plan::Outcome larger = make_plan(problem, machine, policy);
  ASSERT_TRUE(larger.plan);
  EXPECT_LE(larger.plan->seconds(), plan.seconds() * (1 + 1e-12));
}

class PlanProperty : public testing::TestWithParam<unsigned> {};  // the seed

TEST_P(PlanProperty, holds_for_2500_random_problems) {
  Draw draw(GetParam());
  int fitting = 0;
  for (int i = 0; i < 2'500; ++i) {
    const Problem problem = draw.problem();
    const Machine machine = draw.machine();
    const Policy policy = draw.policy();
    const plan::Outcome outcome = make_plan(problem, machine, policy);
    ASSERT_NE(outcome.plan.has_value(), outcome.shortfall.has_value());
    const Plan& plan = outcome.plan ? *outcome.plan : outcome.shortfall->closest;
    expect_obeyed(plan.levers, policy);
    expect_placed(plan, problem.units);
    if (outcome.plan) {
      ++fitting;
      expect_within(plan, machine, policy);
      if (i % 4 == 0) {
        expect_monotone(plan, problem, machine, policy, static_cast<std::uint64_t>(draw.between(0, 4 * kGiB)));
      }
    } else {
      EXPECT_EQ(plan.peak_bytes(), outcome.shortfall->budget_bytes + outcome.shortfall->missing_bytes);
      EXPECT_GT(outcome.shortfall->missing_bytes, 0U);
      EXPECT_FALSE(outcome.shortfall->suggestion.empty());
    }
    if (testing::Test::HasFailure()) FAIL() << "at " << i;
  }
  EXPECT_GT(fitting, 500);
  EXPECT_LT(fitting, 2'300);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlanProperty, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace zimage
