// Group A of the catalogue: what the command line may not say. None of these may wait for a model, so there is none.
#include "app/expect_outcome.h"
#include "support/temp_dir.h"

#include <unistd.h>

#include <regex>

namespace zimage {
namespace {

using test::TempDir;

struct Refusal {
  std::string name;
  std::vector<std::string> arguments;  // after: generate --prompt x
  int exit_code;
  std::vector<std::string> words;  // of the message: the option, the rule
};

const std::string k2To64 = "18446744073709551616";
const std::string kMaxSeed = "18446744073709551615";

const std::vector<Refusal>& refusals() {
  static const std::vector<Refusal> all{
      {"A1_width_0", {"--width", "0"}, 2, {"--width 0", "multiple of 16"}},
      {"A1_height_0", {"--height=0"}, 2, {"--height 0", "multiple of 16"}},
      {"A2_width_negative", {"--width", "-1"}, 2, {"--width -1", "multiple of 16"}},
      {"A3_width_1e9", {"--width", "1000000000"}, 2, {"--width 1000000000", "8192"}},
      {"A3_width_1e9_as_float", {"--width", "1e9"}, 2, {"--width 1e9"}},
      {"A4_width_1000", {"--width", "1000"}, 2, {"--width 1000", "multiple of 16"}},
      {"A5_area_overflows", {"--width", "65536", "--height", "65536"}, 2, {"--width 65536", "8192"}},
      {"A5_width_2_to_32_and_16", {"--width", "4294967312"}, 2, {"--width 4294967312"}},
      {"A6_steps_0", {"--steps", "0"}, 2, {"--steps 0", "from 2 to 1000"}},
      {"A6_steps_1", {"--steps", "1"}, 2, {"--steps 1", "from 2 to 1000"}},
      {"A6_steps_1e9", {"--steps", "1000000000"}, 2, {"--steps 1000000000", "from 2 to 1000"}},
      {"A7_seed_2_to_64", {"--seed", k2To64}, 2, {"--seed " + k2To64, kMaxSeed}},
      {"A7_seed_negative", {"--seed", "-1"}, 2, {"--seed -1"}},
      {"A8_last_seed_overflows", {"--seed", kMaxSeed, "--count", "2", "--out", "{seed}.png"}, 2, {"--seed", "2 seeds"}},
      {"A9_guidance_nan", {"--guidance-scale", "nan"}, 2, {"--guidance-scale nan", "finite"}},
      {"A9_guidance_infinite", {"--guidance-scale", "inf"}, 2, {"--guidance-scale inf", "finite"}},
      {"A9_cfg_normalization_negative", {"--cfg-normalization", "-0.5"}, 2, {"--cfg-normalization -0.5"}},
      {"A9_cfg_truncation_no_number", {"--cfg-truncation", "1x"}, 2, {"--cfg-truncation 1x"}},
      {"A10_count_0", {"--count", "0"}, 2, {"--count 0"}},
      {"A10_count_1e9", {"--count", "1000000000", "--out", "{seed}.png"}, 2, {"--count 1000000000"}},
      {"A11_parent_missing", {"--out", "nowhere/x.png"}, 4, {"--out nowhere/x.png"}},
      {"A11_parent_is_a_file", {"--out", "taken.png/x.png"}, 4, {"--out taken.png/x.png"}},
      {"A13_out_is_a_directory", {"--out", "."}, 4, {"--out .", "directory"}},
      {"A14_out_exists", {"--out", "taken.png"}, 4, {"--out taken.png", "exists", "--force"}},
      {"A14_latents_exist", {"--save-latents", "taken.png"}, 4, {"--save-latents taken.png", "exists"}},
      {"A14_second_of_two_exists",
       {"--out", "t{index}.png", "--seed", "1", "--count", "2"},
       4,
       {"--out t1.png", "exists"}},
      {"A15_name_of_256_bytes", {"--out", std::string(252, 'a') + ".png"}, 4, {"--out aaa"}},
      {"A16_no_such_cuda_device", {"--device", "cuda:9"}, 6, {"--device cuda:9"}},
      {"A16_no_device_at_all", {"--device", "tpu"}, 2, {"--device tpu"}},
      {"A17_budget_0", {"--vram-budget", "0"}, 2, {"--vram-budget 0: must be auto, or a size above 0"}},
      {"A17_budget_without_unit", {"--vram-budget=12"}, 2, {"--vram-budget 12", "12GiB"}},
      {"A17_host_budget_0", {"--host-budget", "0GiB"}, 2, {"--host-budget 0GiB", "size above 0"}},
      {"A17_budget_1T_passes_on_to_the_model",
       {"--vram-budget", "1T", "--model", "nowhere"},
       3,
       {"--model nowhere", "no such folder"}},
      {"A17_heads_per_slice_0", {"--attention-slicing", "0"}, 2, {"--attention-slicing 0", "heads per slice"}},
      {"A17_no_such_offload", {"--cpu-offload", "all"}, 2, {"--cpu-offload all", "sequential"}},
      {"A17_no_such_tiling", {"--vae-tiling", "on"}, 2, {"--vae-tiling on", "strips"}},
      {"A17_no_such_recompute", {"--activation-recompute", "yes"}, 2, {"--activation-recompute yes", "auto, on, off"}},
      {"A17_retry_delay_endless", {"--oom-retry-delay", "inf"}, 2, {"--oom-retry-delay inf", "3600"}},
      {"A17_clear_interval_negative", {"--cache-clear-interval", "-1"}, 2, {"--cache-clear-interval -1"}},
      {"A17_batch_0", {"--batch-max-size", "0"}, 2, {"--batch-max-size 0"}},
      {"A17_switch_with_another_value", {"--strict-plan=perhaps"}, 2, {"--strict-plan perhaps"}},
      {"A17_no_such_attention", {"--attention", "xformers"}, 2, {"--attention xformers", "efficient"}},
      {"A17_repeat_0", {"--repeat", "0"}, 2, {"--repeat 0", "from 1"}},
      {"A17_repeat_and_count", {"--repeat", "2", "--count", "2"}, 2, {"--repeat", "--count"}},
      {"A17_warmup_alone", {"--warmup", "2"}, 2, {"--warmup", "--repeat"}},
      {"A17_warmup_negative", {"--repeat", "2", "--warmup", "-1"}, 2, {"--warmup -1"}},
      {"A17_last_repeated_seed_overflows", {"--seed", kMaxSeed, "--repeat", "2"}, 2, {"--seed", "4 seeds"}},
      {"A17_profile_is_out", {"--profile=result.png"}, 2, {"--profile result.png", "--out"}},
      {"A17_profile_exists", {"--profile=taken.png"}, 4, {"--profile taken.png", "exists", "--force"}},
      {"A17_profile_parent_missing", {"--profile=nowhere/p.json"}, 4, {"--profile nowhere/p.json"}},
      {"A17_profile_csv_exists", {"--profile-csv", "taken.png"}, 4, {"--profile-csv taken.png", "exists", "--force"}},
      {"A17_profile_plot_parent_missing", {"--profile-plot", "no/p.svg"}, 4, {"--profile-plot no/p.svg"}},
      {"A17_profile_plot_is_csv",
       {"--profile-plot", "./p", "--profile-csv", "p"},
       2,
       {"--profile-plot ./p", "--profile-csv"}},
      {"A17_profile_csv_is_latents",
       {"--save-latents", "p", "--profile-csv", "p"},
       2,
       {"--profile-csv p", "--save-latents"}},
      {"A18_unknown_option", {"--widht", "64"}, 2, {"--widht"}},
      {"A18_stray_word", {"picture"}, 2, {"picture"}},
      {"A18_value_missing", {"--width"}, 2, {"--width"}},
      {"A18_given_twice", {"--steps", "9", "--steps", "4"}, 2, {"--steps"}},
      {"A18_empty_value", {"--width="}, 2, {"--width \"\""}},
      {"P13_one_name_for_two_images", {"--count", "2"}, 2, {"--out result.png", "{seed}", "{index}"}},
      {"P13_one_name_for_two_prompts", {"--prompt", "y"}, 2, {"--out result.png", "{seed}", "2 images"}},
      {"A15_no_such_format", {"--out", "x.webp"}, 2, {"--out x.webp", ".png, .jpg or .jpeg"}},
      {"A17_quality_0", {"--quality", "0"}, 2, {"--quality 0", "from 1 to 100"}},
      {"A17_repeat_and_prompts", {"--prompt", "y", "--repeat", "2"}, 2, {"--repeat", "several prompts"}},
      {"A17_standard_input_twice", {"--prompt", "-", "--prompt", "-"}, 2, {"--prompt -", "once"}},
      {"A17_prompt_of_no_file", {"--prompt", "@nowhere.txt"}, 4, {"nowhere.txt"}},
      {"A17_from_no_file", {"--from", "nowhere.png"}, 4, {"nowhere.png"}},
      {"A17_from_no_picture", {"--from", "taken.png"}, 3, {"taken.png: PNG: the signature is missing"}},
      {"P13_latents_over_the_image", {"--save-latents", "./result.png"}, 2, {"--save-latents ./result.png", "--out"}},
      {"P3_prompt_not_utf8", {"--negative-prompt", "caf\xE9"}, 2, {"--negative-prompt", "byte 3", "UTF-8"}},
      {"prompt_twice", {"--prompt-file", "taken.png"}, 2, {"--prompt-file", "--prompt"}},
      {"unknown_dtype", {"--dtype", "int8"}, 2, {"--dtype int8", "fp16"}},
      {"unknown_rng", {"--rng", "dice"}, 2, {"--rng dice", "cuda"}},
      {"cuda_noise_on_the_cpu", {"--rng", "cuda", "--device", "cpu"}, 2, {"--rng cuda", "CPU"}},
      {"threads_0", {"--threads", "0"}, 2, {"--threads 0"}},
      {"quiet_and_verbose", {"--quiet", "--verbose"}, 2, {"--quiet", "--verbose"}},
      {"unknown_log_format", {"--log-format", "xml"}, 2, {"--log-format xml"}},
      {"latents_and_seed", {"--latents", "taken.png", "--seed", "1"}, 2, {"--seed", "--latents"}},
      {"model_missing", {"--model", "nowhere"}, 3, {"--model nowhere", "no such folder"}},
      {"model_empty", {"--model", ""}, 3, {"--model \"\"", "no such folder"}},
  };
  return all;
}

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, before_a_model_is_looked_for) {
  const TempDir dir;
  dir.write("taken.png", "mine");
  dir.write("t1.png", "mine");
  test::Invocation invocation{{"generate", "--prompt", "x"}, dir.path(), {{"ZIMAGE_MODEL", "/nonexistent/model"}}};
  const auto& arguments = GetParam().arguments;
  invocation.arguments.insert(invocation.arguments.end(), arguments.begin(), arguments.end());
  test::expect_refused(test::run_zimage(invocation), GetParam().exit_code, GetParam().words);
  EXPECT_EQ(dir.entries(), 2U);
  EXPECT_EQ(test::content_of(dir / "taken.png"), "mine");
}

INSTANTIATE_TEST_SUITE_P(CommandLine, Refused, testing::ValuesIn(refusals()),
                         [](const auto& info) { return info.param.name; });

test::Invocation generate_in(const TempDir& dir, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "generate");
  return {arguments, dir.path(), {{"ZIMAGE_MODEL", "/nonexistent/model"}}};
}

TEST(Refusals, A12_directory_not_writable) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "locked");
  std::filesystem::permissions(dir / "locked", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  test::Invocation invocation = generate_in(dir, {"--prompt", "x", "--out", "locked/x.png"});
  if (::geteuid() == 0) {
    // Root may write anywhere until it gives that up.
    invocation.wrapper = {"setpriv", "--bounding-set=-dac_override,-dac_read_search"};
  }
  test::expect_refused(test::run_zimage(invocation), 4, {"--out locked/x.png", "not writable"});
}

// Three words of English in a row are a message that is not translated.
TEST(Refusals, in_chinese_too) {
  static const std::regex english("[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}");
  const TempDir dir;
  dir.write("taken.png", "mine");
  dir.write("t1.png", "mine");
  for (const Refusal& refusal : refusals()) {
    std::vector<std::string> arguments{"--prompt", "x"};
    arguments.insert(arguments.end(), refusal.arguments.begin(), refusal.arguments.end());
    test::Invocation invocation = generate_in(dir, arguments);
    invocation.environment["LANG"] = "zh_CN.UTF-8";
    const test::Outcome outcome = test::run_zimage(invocation);
    EXPECT_EQ(outcome.exit_code, refusal.exit_code) << refusal.name;
    EXPECT_TRUE(outcome.err.starts_with("错误：")) << outcome.err;
    EXPECT_FALSE(std::regex_search(outcome.err, english)) << outcome.err;
  }
}

TEST(Refusals, no_prompt) {
  const TempDir dir;
  test::expect_refused(test::run_zimage(generate_in(dir, {})), 2, {"--prompt", "--prompt-file", "required"});
}

TEST(Refusals, no_command) {
  const TempDir dir;
  test::expect_refused(test::run_zimage({{}, dir.path()}), 2, {"subcommand"});
}

TEST(Refusals, prompt_files) {
  const TempDir dir;
  const auto refused = [&](const std::string& content, const std::vector<std::string>& words) {
    dir.write("p.txt", content);
    test::expect_refused(test::run_zimage(generate_in(dir, {"--prompt-file", "p.txt"})), 2, words);
  };
  refused(
      "a\xC0\xAF"
      "b",
      {"p.txt", "byte 1", "UTF-8"});                            // P3, overlong
  refused("a\xE4\xBD", {"p.txt", "byte 1", "UTF-8"});           // P3, cut off
  refused(std::string("a\0b", 3), {"p.txt", "byte 1", "NUL"});  // P4
  test::expect_refused(test::run_zimage(generate_in(dir, {"--prompt-file", "q.txt"})), 4, {"q.txt"});
  test::expect_refused(test::run_zimage(generate_in(dir, {"--prompt-file", "."})), 2, {"regular file"});
}

// Within 2 s and 256 MB of --version.
TEST(Refusals, cost_little) {
  const TempDir dir;
  const test::Outcome version = test::run_zimage({{"--version"}, dir.path()});
  const test::Outcome refused = test::run_zimage(generate_in(dir, {"--prompt", "x", "--width", "1000"}));
  EXPECT_LE(refused.cpu_seconds, version.cpu_seconds + 2);
  EXPECT_LE(refused.peak_rss_kib, version.peak_rss_kib + (256 << 10));
}

}  // namespace
}  // namespace zimage
