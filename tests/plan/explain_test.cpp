// What a person reads of a plan.
#include "plan/explain.h"

#include "plan/full_model.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace zimage {
namespace {

using namespace plan;
using test::full_problem;
using test::h200;
using test::kGiB;

TEST(Explain, a_plan_is_one_table_with_its_sum) {
  Policy policy;
  policy.budget_bytes = 4 * kGiB;
  policy.vae_tiling = VaeTiling::strips;
  policy.heads_per_slice = 10;
  const Plan plan = *make_plan(full_problem(), h200(), policy).plan;
  const std::string text = explain(plan);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5) << text;
  for (const char* word : {"\nencode ", "\ndenoise ", "\ndecode ", "cpu_offload: sequential", "attention_slicing: 10",
                           "vae_tiling: strips of ", " of 4096 MiB, "}) {
    EXPECT_NE(text.find(word), std::string::npos) << "no '" << word << "': " << text;
  }
  EXPECT_EQ(text.find("  \n"), std::string::npos);
}

TEST(Explain, tiles_are_said_to_be_approximate) {
  Policy policy;
  policy.vae_tiling = VaeTiling::tiles;
  const Plan plan = *make_plan(full_problem(), h200(), policy).plan;
  const std::vector<std::string> names = lever_names(plan, Stage::decode);
  ASSERT_EQ(names.size(), 1U);
  EXPECT_NE(names.front().find("approximate"), std::string::npos);
}

TEST(Explain, a_plan_without_levers_says_so) {
  const Plan plan = *make_plan(full_problem(), h200(), {}).plan;
  for (const Stage stage : {Stage::encode, Stage::denoise, Stage::decode})
    EXPECT_TRUE(lever_names(plan, stage).empty());
  EXPECT_NE(explain(plan).find(" none\n"), std::string::npos);
}

}  // namespace
}  // namespace zimage
