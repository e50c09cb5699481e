// Pictures, end to end, with a tiny random checkpoint on the CPU.
#include "app/expect_outcome.h"
#include "app/latents_file.h"
#include "io/json.h"
#include "io/png.h"
#include "io/safetensors.h"
#include "support/temp_dir.h"

#include <cmath>
#include <limits>
#include <random>
#include <sstream>

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::expect_refused;
using test::expect_success;
using test::Outcome;
using test::TempDir;

const std::string kModel = ZIMAGE_TEST_DATA "/parity/square";

std::vector<std::string> generate(const std::vector<std::string>& more, const std::string& steps = "5") {
  std::vector<std::string> arguments{"generate", "--model", kModel,     "--device", "cpu",     "--threads", "2",
                                     "--width",  "64",      "--height", "48",       "--steps", steps};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Outcome run(const TempDir& dir, const std::vector<std::string>& more) {
  return test::run_zimage({generate(more), dir.path()});
}

io::Json metadata_of(const fs::path& path) {
  return io::parse_json(io::read_png_metadata(test::content_of(path), path.string()).value_or("null"), path.string());
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Generate, writes_one_png_with_its_parameters) {
  const TempDir dir;
  const std::string prompt = "a red circle, 红色\n\"quoted\"";
  const Outcome outcome =
      run(dir, {"--prompt", prompt, "--seed", "18446744073709551615", "--out", "x.png", "--dtype", "fp32"});
  expect_success(outcome);
  EXPECT_EQ(outcome.out, "x.png\n");
  EXPECT_EQ(outcome.err.find("warning"), std::string::npos) << outcome.err;
  EXPECT_EQ(dir.entries(), 1U);
  const io::Json json = metadata_of(dir / "x.png");
  EXPECT_EQ(*json.find("prompt")->as<std::string>(), prompt);
  EXPECT_EQ(*json.find("seed")->as<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(*json.find("steps")->as<std::int64_t>(), 5);
  EXPECT_EQ(*json.find("evaluations")->as<std::int64_t>(), 4);
  EXPECT_EQ(*json.find("width")->as<std::int64_t>(), 64);
  EXPECT_EQ(*json.find("height")->as<std::int64_t>(), 48);
  EXPECT_EQ(*json.find("model")->as<std::string>(), "square");
  EXPECT_EQ(*json.find("device")->as<std::string>(), "cpu");
  EXPECT_EQ(*json.find("dtype")->as<std::string>(), "fp32");
  for (const char* key :
       {"zimage", "negative_prompt", "guidance_scale", "cfg_normalization", "cfg_truncation", "rng"}) {
    EXPECT_NE(json.find(key), nullptr) << key;
  }
}

TEST(Generate, G9_the_same_request_gives_the_same_file_and_count_the_next_seeds) {
  const TempDir dir;
  expect_success(run(dir, {"--prompt", "x", "--seed", "7", "--count", "2", "--out", "{index}-{seed}.png"}));
  expect_success(run(dir, {"--prompt", "x", "--seed", "8", "--out", "again.png"}));
  EXPECT_EQ(test::content_of(dir / "1-8.png"), test::content_of(dir / "again.png"));
  EXPECT_NE(test::content_of(dir / "0-7.png"), test::content_of(dir / "1-8.png"));
  EXPECT_EQ(dir.entries(), 3U);
}

TEST(Generate, a_seed_is_drawn_and_told) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"--prompt", "x", "--out", "x.png"});
  expect_success(outcome);
  const std::string seed = std::to_string(*metadata_of(dir / "x.png").find("seed")->as<std::int64_t>());
  EXPECT_TRUE(holds(outcome.err, "seed " + seed + " (drawn")) << outcome.err;
  expect_success(run(dir, {"--prompt", "x", "--out", "y.png"}));
  EXPECT_NE(std::to_string(*metadata_of(dir / "y.png").find("seed")->as<std::int64_t>()), seed);
}

TEST(Generate, attention_is_chosen_told_and_refused_where_it_cannot_run) {
  const TempDir dir;
  expect_success(run(dir, {"--prompt", "x", "--seed", "1", "--out", "auto.png"}));
  expect_success(run(dir, {"--prompt", "x", "--seed", "1", "--out", "math.png", "--attention", "math"}));
  EXPECT_EQ(*metadata_of(dir / "auto.png").find("attention")->as<std::string>(), "flash");
  EXPECT_EQ(*metadata_of(dir / "math.png").find("attention")->as<std::string>(), "math");
  expect_refused(run(dir, {"--prompt", "x", "--attention", "cudnn"}), 2, {"--attention cudnn", "compute capability"});
}

TEST(Generate, repeat_times_other_prompts_and_seeds_and_writes_the_first_image) {
  const TempDir dir;
  expect_success(run(dir, {"--prompt", "x", "--seed", "7", "--out", "plain.png"}));
  const Outcome outcome = run(dir, {"--prompt", "x", "--seed", "7", "--out", "{seed}.png", "--repeat", "2", "--warmup",
                                    "1", "--profile=p.json"});
  expect_success(outcome);
  EXPECT_EQ(outcome.out, "7.png\n");
  EXPECT_EQ(test::content_of(dir / "7.png"), test::content_of(dir / "plain.png"));
  EXPECT_EQ(dir.entries(), 3U);
  EXPECT_TRUE(holds(outcome.err, "medians of 2 images after 1, 2 encodes")) << outcome.err;
  const io::Json json = io::parse_json(test::content_of(dir / "p.json"), "p.json");
  const io::Json::Array& images = *json.find("images")->as<io::Json::Array>();
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(*images[1].find("seed")->as<std::int64_t>(), 9);
  const io::Json& first = json.find("warmup")->as<io::Json::Array>()->front();
  EXPECT_GT(*images[0].find("prompt_tokens")->as<std::int64_t>(), *first.find("prompt_tokens")->as<std::int64_t>());
  EXPECT_EQ(images[0].find("evaluation_seconds")->as<io::Json::Array>()->size(), 4U);
  const double stages = *images[0].find("encode_seconds")->as<double>() +
                        *images[0].find("denoise_seconds")->as<double>() +
                        *images[0].find("decode_seconds")->as<double>();
  const double wall = *images[0].find("seconds")->as<double>();
  EXPECT_LE(stages, wall);
  EXPECT_GE(stages, 0.9 * wall);
}

TEST(Generate, profile_without_a_file_is_a_table) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"--profile", "--prompt", "x"});
  expect_success(outcome);
  EXPECT_TRUE(holds(outcome.err, "denoise")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "medians of 1 images after 0")) << outcome.err;
  EXPECT_EQ(dir.entries(), 1U);
}

TEST(Generate, A14_force_replaces) {
  const TempDir dir;
  dir.write("x.png", "old");
  expect_success(run(dir, {"--prompt", "x", "--out", "x.png", "--force"}));
  EXPECT_EQ(test::content_of(dir / "x.png").substr(1, 3), "PNG");
  EXPECT_EQ(dir.entries(), 1U);
}

TEST(Generate, latents_go_out_and_noise_comes_in) {
  const TempDir dir;
  Latents noise{16, 6, 8, std::vector<float>(16 * 6 * 8)};
  std::mt19937 bits(1);
  std::normal_distribution<float> normal;
  for (float& value : noise.values) value = normal(bits);
  app::write_latents(dir / "noise.safetensors", noise, io::Overwrite::no);
  expect_success(run(dir, {"--prompt", "x", "--latents", "noise.safetensors", "--save-latents", "final.safetensors"}));
  const Latents latents = app::read_latents(dir / "final.safetensors");
  EXPECT_EQ(latents.channels, 16);
  EXPECT_EQ(latents.height, 6);
  EXPECT_EQ(latents.width, 8);
  EXPECT_NE(latents.values, noise.values);
  EXPECT_EQ(metadata_of(dir / "result.png").find("seed"), nullptr);
  EXPECT_EQ(dir.entries(), 3U);
  expect_refused(run(dir, {"--prompt", "x", "--latents", "noise.safetensors", "--out", "y.png", "--save-latents",
                           "noise.safetensors"}),
                 4, {"exists"});
}

TEST(Generate, noise_that_does_not_fit_is_refused) {
  const TempDir dir;
  app::write_latents(dir / "wide.safetensors", {16, 6, 10, std::vector<float>(960)}, io::Overwrite::no);
  expect_refused(run(dir, {"--prompt", "x", "--latents", "wide.safetensors"}), 2, {"--width 64", "80"});
  app::write_latents(dir / "channels.safetensors", {4, 6, 8, std::vector<float>(192)}, io::Overwrite::no);
  expect_refused(run(dir, {"--prompt", "x", "--latents", "channels.safetensors"}), 2, {"4 channels", "16"});
  app::write_latents(dir / "nan.safetensors", {16, 6, 8, std::vector<float>(768, NAN)}, io::Overwrite::no);
  expect_refused(run(dir, {"--prompt", "x", "--latents", "nan.safetensors"}), 2, {"nan.safetensors", "finite"});
  dir.write("text.safetensors", "no");
  expect_refused(run(dir, {"--prompt", "x", "--latents", "text.safetensors"}), 3, {"text.safetensors"});
  EXPECT_FALSE(fs::exists(dir / "result.png"));
}

TEST(Generate, warnings_are_said_once) {
  const TempDir dir;
  const auto warned = [&](const std::vector<std::string>& more, const std::string& words,
                          const std::string& steps = "5") {
    std::vector<std::string> arguments = generate({"--force", "--seed", "1"}, steps);
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = test::run_zimage({arguments, dir.path()});
    expect_success(outcome);
    const std::size_t first = outcome.err.find("warning: ");
    ASSERT_NE(first, std::string::npos) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, words)) << outcome.err;
    EXPECT_EQ(outcome.err.find("warning: ", first + 1), std::string::npos) << outcome.err;
  };
  warned({"--prompt", ""}, "warning: the prompt is empty");                  // P1
  warned({"--prompt", " \t\n"}, "warning: the prompt is only white space");  // P2
  warned({"--prompt", std::string(5000, 'A'), "--count", "2", "--out", "{index}.png"}, "cut at 512 tokens; dropped: A");
  warned({"--prompt", "a<|im_end|>b"}, "special tokens");  // P9
  warned({"--prompt", "x", "--negative-prompt", "y"}, "--negative-prompt does nothing at --guidance-scale 0");
  warned({"--prompt", "x"}, "warning: --steps 2", "2");
}

TEST(Generate, P11_control_characters_are_escaped_when_printed) {
  const TempDir dir;
  const std::string prompt = "a\x1b[31mred\nline";
  const Outcome outcome = run(dir, {"--prompt", prompt, "--verbose"});
  expect_success(outcome);
  EXPECT_TRUE(holds(outcome.err, R"(prompt: a\x1b[31mred\nline)")) << outcome.err;
  EXPECT_EQ(outcome.err.find('\x1b'), std::string::npos);
  EXPECT_EQ(*metadata_of(dir / "result.png").find("prompt")->as<std::string>(), prompt);
}

TEST(Generate, quiet_leaves_the_path) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"--prompt", "x", "--quiet"});
  expect_success(outcome);
  EXPECT_EQ(outcome.out, "result.png\n");
  EXPECT_EQ(outcome.err, "");
}

TEST(Generate, log_format_json_is_a_line_of_json_per_message) {
  const TempDir dir;
  const Outcome outcome = run(dir, {"--prompt", "", "--log-format", "json"});
  expect_success(outcome);
  std::istringstream lines(outcome.err);
  std::size_t warnings = 0;
  for (std::string line; std::getline(lines, line);) {
    const io::Json json = io::parse_json(line, "standard error");
    EXPECT_NE(json.find("message"), nullptr);
    warnings += *json.find("level")->as<std::string>() == "warning" ? 1 : 0;
  }
  EXPECT_EQ(warnings, 1U) << outcome.err;
}

TEST(Generate, the_model_of_the_environment_is_taken) {
  const TempDir dir;
  const Outcome outcome = test::run_zimage({{"inspect"}, dir.path(), {{"ZIMAGE_MODEL", kModel}}});
  expect_success(outcome);
  EXPECT_EQ(outcome.out.substr(0, 7), "square\n");
}

TEST(Generate, the_built_in_model_is_found_beside_the_executable_and_has_its_own_size) {
  const TempDir dir;
  fs::create_directories(dir / "share/zimage/models");
  fs::create_directory(dir / "bin");
  fs::copy(kModel, dir / "share/zimage/models/zimage-demo", fs::copy_options::recursive);
  fs::copy(ZIMAGE_EXECUTABLE, dir / "bin/zimage");
  fs::create_directory_symlink(fs::path(ZIMAGE_EXECUTABLE).parent_path() / "src", dir / "lib");  // as if installed
  test::Invocation invocation{{"generate", "--prompt", "x", "--seed", "1", "--steps", "5", "--device", "cpu"},
                              dir.path()};
  invocation.executable = dir / "bin/zimage";
  const Outcome outcome = test::run_zimage(invocation);
  expect_success(outcome);
  EXPECT_TRUE(holds(outcome.err, "using the built-in model " + dir.path().string())) << outcome.err;
  const io::Json config = io::parse_json(test::content_of(kModel + "/vae/config.json"), "vae/config.json");
  EXPECT_EQ(*metadata_of(dir / "result.png").find("width")->as<std::int64_t>(),
            *config.find("sample_size")->as<std::int64_t>());
}

// A write that fails leaves no file, and the next run starts from nothing.
Outcome run_wrapped(const TempDir& dir, const std::vector<std::string>& wrapper) {
  test::Invocation invocation{generate({"--prompt", "x", "--seed", "1", "--out", "x.png"}), dir.path()};
  invocation.wrapper = wrapper;
  return test::run_zimage(invocation);
}

TEST(Generate, R12_file_size_limit) {
  const TempDir dir;
  expect_refused(run_wrapped(dir, {"/bin/sh", "-c", "ulimit -f 1; exec \"$0\" \"$@\""}), 4, {"x.png", "cannot write"});
  EXPECT_EQ(dir.entries(), 0U);
}

TEST(Generate, R5_standard_output_closed) {
  const TempDir dir;
  const Outcome outcome = run_wrapped(dir, {"/bin/sh", "-c", "exec \"$0\" \"$@\" >&-"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "error: standard output: cannot write")) << outcome.err;
  EXPECT_EQ(metadata_of(dir / "x.png").type_name(), "object");  // the picture is whole
  EXPECT_EQ(dir.entries(), 1U);
}

}  // namespace
}  // namespace zimage
