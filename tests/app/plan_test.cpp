// zimage plan: its table, its JSON, its exit codes.
#include "app/expect_outcome.h"
#include "io/json.h"
#include "support/temp_dir.h"

namespace zimage {
namespace {

using test::expect_refused;
using test::expect_success;
using test::Outcome;
using test::TempDir;

Outcome plan(const TempDir& dir, std::vector<std::string> options) {
  std::vector<std::string> arguments{"plan", "--model", ZIMAGE_TEST_DATA "/parity/square"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return test::run_zimage({arguments, dir.path()});
}

TEST(PlanCommand, the_text_is_a_table) {
  const TempDir dir;
  const Outcome outcome = plan(dir, {"--card", "rtx-3060", "--width", "256", "--height", "256"});
  expect_success(outcome);
  EXPECT_EQ(outcome.err, "");
  for (const char* word : {"square, 256x256, 8 evaluations, fp16, on GeForce RTX 3060", "activations", "denoise"}) {
    EXPECT_NE(outcome.out.find(word), std::string::npos) << outcome.out;
  }
  EXPECT_EQ(dir.entries(), 0);
}

TEST(PlanCommand, the_json_has_its_keys) {
  const TempDir dir;
  const Outcome outcome = plan(dir, {"--card", "h200", "--vram-budget", "2GiB", "--json", "--all"});
  expect_success(outcome);
  const io::Json json = io::parse_json(outcome.out, "standard output");
  EXPECT_TRUE(*json.find("fits")->as<bool>());
  EXPECT_EQ(*json.find("budget_bytes")->as<std::int64_t>(), 2LL << 30);
  EXPECT_LE(*json.find("predicted_peak_bytes")->as<std::int64_t>(), 2LL << 30);
  EXPECT_GT(*json.find("predicted_seconds")->as<double>(), 0);
  EXPECT_EQ(json.find("shortfall_bytes"), nullptr);
  EXPECT_FALSE(json.find("ladder")->as<io::Json::Array>()->empty());
  const auto& stages = *json.find("stages")->as<io::Json::Array>();
  ASSERT_EQ(stages.size(), 3U);
  const std::vector<std::string> names{"encode", "denoise", "decode"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(*stages[i].find("name")->as<std::string>(), names[i]);
    for (const char* key : {"predicted_peak_bytes", "resident_bytes", "streamed_bytes"}) {
      ASSERT_NE(stages[i].find(key), nullptr) << key;
      EXPECT_NE(stages[i].find(key)->as<std::int64_t>(), nullptr) << key;
    }
    EXPECT_GT(*stages[i].find("predicted_seconds")->as<double>(), 0);
    EXPECT_NE(stages[i].find("levers")->as<io::Json::Array>(), nullptr);
  }
}

TEST(PlanCommand, what_does_not_fit_is_exit_code_5_and_still_json) {
  const TempDir dir;
  const Outcome outcome =
      plan(dir, {"--card", "h200", "--vram-budget", "900MiB", "--width", "4096", "--height", "4096", "--json"});
  EXPECT_EQ(outcome.exit_code, 5);
  const io::Json json = io::parse_json(outcome.out, "standard output");
  EXPECT_FALSE(*json.find("fits")->as<bool>());
  EXPECT_GT(*json.find("shortfall_bytes")->as<std::int64_t>(), 0);
  EXPECT_FALSE(json.find("suggestion")->as<std::string>()->empty());
  EXPECT_EQ(outcome.err.substr(0, 20), "error: does not fit:") << outcome.err;
  EXPECT_NE(outcome.err.find(" MiB are missing"), std::string::npos) << outcome.err;
  EXPECT_EQ(test::lines_of(outcome.err), 1);
}

TEST(PlanCommand, A17_budgets_that_are_none_are_refused) {
  const TempDir dir;
  for (const char* budget : {"0", "0GiB", "-1GiB", "nan", "8", ""}) {
    expect_refused(plan(dir, {"--card", "h200", "--vram-budget", budget}), 2, {"--vram-budget"});
  }
}

TEST(PlanCommand, A17_more_than_the_card_has_means_what_is_free) {
  const TempDir dir;
  const Outcome outcome = plan(dir, {"--card", "rtx-3060", "--vram-budget", "1T", "--json"});
  expect_success(outcome);
  const io::Json json = io::parse_json(outcome.out, "standard output");
  EXPECT_LT(*json.find("budget_bytes")->as<std::int64_t>(), 12LL << 30);
  EXPECT_NE(outcome.err.find("--vram-budget: no more than"), std::string::npos) << outcome.err;
}

TEST(PlanCommand, broken_options_are_refused) {
  const TempDir dir;
  expect_refused(plan(dir, {"--card", "rtx-306"}), 2, {"--card rtx-306", "did you mean rtx-3060?"});
  expect_refused(plan(dir, {"--card", "h200", "--vae-tiling", "on"}), 2, {"--vae-tiling on"});
  expect_refused(plan(dir, {"--card", "h200", "--attention-slicing", "0"}), 2, {"--attention-slicing 0"});
  expect_refused(plan(dir, {"--card", "h200", "--width", "1000"}), 2, {"--width 1000"});
  expect_refused(plan(dir, {"--card", "t4", "--dtype", "bf16"}), 2, {"--dtype bf16"});
  expect_refused(plan(dir, {"--card-file", (dir / "none.yaml").string()}), 4, {"none.yaml"});
}

TEST(PlanCommand, a_card_file_describes_another_card) {
  const TempDir dir;
  const auto path = dir.write("mine.yaml",
                              "cards:\n  mine: {name: My Card, capability: 86, memory: 6GiB, memory_gb_s: 300, "
                              "link_gb_s: 12, fp16: 20, bf16: 20, fp32: 10, source: me}\n");
  const Outcome outcome = plan(dir, {"--card-file", path.string()});
  expect_success(outcome);
  EXPECT_NE(outcome.out.find("on My Card within"), std::string::npos) << outcome.out;
}

// It takes less than a second on an idle machine; tests share theirs with others.
TEST(PlanCommand, is_made_in_seconds) {
  const TempDir dir;
  EXPECT_LT(plan(dir, {"--card", "rtx-4090", "--all"}).seconds, 5);
}

}  // namespace
}  // namespace zimage
