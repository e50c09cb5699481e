// What a run's cost reads like, for people and for programs.
#include "app/run_profile.h"

#include "io/json.h"

#include <gtest/gtest.h>

namespace zimage::app {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

TimedImage image(std::uint64_t seed, double seconds) {
  TimedImage image{.seed = seed, .prompt_tokens = 20, .seconds = seconds};
  image.profile.encode = {.seconds = 0.1 * seconds, .peak = {100 * kMiB, 200 * kMiB}};
  image.profile.denoise = {.seconds = 0.6 * seconds, .peak = {seed * kMiB, 300 * kMiB}};
  image.profile.decode = {.seconds = 0.3 * seconds, .peak = {400 * kMiB, 500 * kMiB}};
  image.profile.evaluation_seconds = {0.2 * seconds, 0.4 * seconds};
  image.profile.encodes = 1;
  return image;
}

RunProfile run() {
  RunProfile run;
  run.description.gpu = "NVIDIA H200";
  run.description.compute_capability = "9.0";
  run.description.command = {"zimage", "generate", "--prompt", "a\nb"};
  run.description.attention = "cudnn";
  run.load = {.seconds = 3.5, .peak = {1000 * kMiB, 1100 * kMiB}};
  run.warmup = {image(1, 50)};
  run.images = {image(2, 3), image(3, 1), image(4, 2)};
  run.samples = {{0.1, Stage::load, {500 * kMiB, {}, {}, 0}}, {0.2, Stage::decode, {1500 * kMiB, {}, {}, 0}}};
  run.host_bytes = 700 * kMiB;
  return run;
}

double number(const io::Json& json, std::initializer_list<const char*> path) {
  const io::Json* at = &json;
  for (const char* key : path) {
    at = at->find(key);
    if (at == nullptr) throw std::runtime_error(std::string("no ") + key);
  }
  if (const auto* whole = at->as<std::int64_t>()) return static_cast<double>(*whole);
  return *at->as<double>();
}

TEST(RunProfile, median_is_the_middle_or_the_mean_of_two) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 100}), 3);
}

TEST(RunProfile, json_holds_medians_of_the_timed_images_alone) {
  const std::string text = profile_json(run());
  const io::Json json = io::parse_json(text, "profile");
  EXPECT_DOUBLE_EQ(number(json, {"image_seconds"}), 2);
  EXPECT_DOUBLE_EQ(number(json, {"stages", "load", "seconds"}), 3.5);
  EXPECT_DOUBLE_EQ(number(json, {"stages", "encode", "seconds"}), 0.2);
  EXPECT_DOUBLE_EQ(number(json, {"stages", "denoise", "seconds"}), 1.2);
  EXPECT_DOUBLE_EQ(number(json, {"stages", "decode", "seconds"}), 0.6);
  EXPECT_DOUBLE_EQ(number(json, {"evaluation_seconds"}), 0.5);  // of 0.2, 0.4, 0.4, 0.6, 0.8 and 1.2
  EXPECT_EQ(number(json, {"encodes"}), 3);
  EXPECT_EQ(json.find("images")->as<io::Json::Array>()->size(), 3U);
  EXPECT_EQ(json.find("warmup")->as<io::Json::Array>()->size(), 1U);
  EXPECT_EQ(number(json.find("images")->as<io::Json::Array>()->at(0), {"seed"}), 2);
}

TEST(RunProfile, json_holds_the_largest_peaks) {
  const io::Json json = io::parse_json(profile_json(run()), "profile");
  EXPECT_EQ(number(json, {"stages", "load", "measured_mib", "allocated"}), 1000);
  EXPECT_EQ(number(json, {"stages", "denoise", "measured_mib", "allocated"}), 4);
  EXPECT_EQ(number(json, {"stages", "decode", "measured_mib", "reserved"}), 500);
  EXPECT_EQ(number(json, {"measured_mib", "device"}), 1500);
  EXPECT_EQ(number(json, {"measured_mib", "host"}), 700);
}

TEST(RunProfile, json_says_what_was_run_on_what) {
  const io::Json json = io::parse_json(profile_json(run()), "profile");
  EXPECT_EQ(*json.find("machine")->find("gpu")->as<std::string>(), "NVIDIA H200");
  EXPECT_EQ(*json.find("command")->as<io::Json::Array>()->at(3).as<std::string>(), "a\\nb");
  EXPECT_EQ(*json.find("attention")->as<std::string>(), "cudnn");
  for (const char* key :
       {"zimage", "date", "libraries", "model", "device", "dtype", "width", "height", "evaluations"}) {
    EXPECT_NE(json.find(key), nullptr) << key;
  }
}

TEST(RunProfile, table_leaves_out_what_is_unknown) {
  const std::vector<std::string> lines = profile_table(run());
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_EQ(lines[0], "stage              ms  device MiB  reserved MiB  allocated MiB");
  EXPECT_EQ(lines[1], "load          3500.00                      1100           1000");
  EXPECT_EQ(lines[4], "  evaluation   500.00");
  EXPECT_EQ(lines[6], "image         2000.00        1500");
  EXPECT_EQ(lines[7], "medians of 3 images after 1, 3 encodes; host 700 MiB, device 1.46 GiB");
}

// As run(), with a plan, streams and the driver's count.
RunProfile planned_run() {
  RunProfile planned = run();
  for (TimedImage& image : planned.images) {
    Profile& p = image.profile;
    p.encode.predicted = {0.25, 1000 * kMiB};
    p.denoise.predicted = {1.5, 4000 * kMiB};
    p.denoise.device_bytes = (3900 + image.seed) * kMiB;
    p.denoise.streamed = {9000 * kMiB, 1.0, 0.25};
    p.plan = {.budget_bytes = 4096 * kMiB, .levers = "sequential offload", .rung = 2, .retries = 1};
    p.host.pinned_bytes = 600 * kMiB;
  }
  return planned;
}

TEST(RunProfile, table_holds_the_plan_beside_what_was_measured) {
  const std::vector<std::string> lines = profile_table(planned_run());
  ASSERT_EQ(lines.size(), 9U);
  EXPECT_EQ(lines[0],
            "stage              ms  predicted ms  device MiB  predicted MiB  reserved MiB  allocated MiB  "
            "streamed MiB  hidden %");
  EXPECT_EQ(lines[3],
            "denoise       1200.00       1500.00        3904           4000           300              4  "
            "        9000        75");
  EXPECT_EQ(lines[6], "image         2000.00       1750.00        1500           4000");
  EXPECT_EQ(lines[7], "plan: sequential offload; budget 4.00 GiB; rung 2; 3 retries");
  EXPECT_NE(lines[8].find("host 700 MiB (pinned 600 MiB)"), std::string::npos) << lines[8];
}

TEST(RunProfile, json_holds_the_plan_beside_what_was_measured) {
  const io::Json json = io::parse_json(profile_json(planned_run()), "profile");
  EXPECT_EQ(number(json, {"stages", "denoise", "predicted_seconds"}), 1.5);
  EXPECT_EQ(number(json, {"stages", "denoise", "predicted_peak_mib"}), 4000);
  EXPECT_EQ(number(json, {"stages", "denoise", "measured_mib", "device"}), 3904);
  EXPECT_EQ(number(json, {"stages", "denoise", "streamed_mib"}), 9000);
  EXPECT_EQ(number(json, {"stages", "denoise", "transfer_seconds"}), 1);
  EXPECT_EQ(number(json, {"stages", "denoise", "transfer_hidden_share"}), 0.75);
  EXPECT_EQ(json.find("stages")->find("decode")->find("predicted_seconds"), nullptr);
  EXPECT_EQ(json.find("stages")->find("decode")->find("transfer_hidden_share"), nullptr);
  EXPECT_EQ(number(json, {"plan", "budget_mib"}), 4096);
  EXPECT_EQ(number(json, {"plan", "rung"}), 2);
  EXPECT_EQ(number(json, {"plan", "retries"}), 3);
  EXPECT_EQ(*json.find("plan")->find("levers")->as<std::string>(), "sequential offload");
  EXPECT_EQ(number(json, {"measured_mib", "pinned"}), 600);
  EXPECT_EQ(io::parse_json(profile_json(run()), "profile").find("plan"), nullptr);
}

}  // namespace
}  // namespace zimage::app
