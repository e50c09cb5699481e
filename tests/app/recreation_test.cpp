// zimage generate --from: the same picture again, what stands over what, and what is said where it cannot be the same.
#include "app/batch_process.h"
#include "io/json.h"
#include "io/png.h"

namespace zimage {
namespace {

using test::content_of;
using test::Outcome;
using test::TempDir;

const std::string kModel = ZIMAGE_TEST_DATA "/parity/square";

Outcome run(const TempDir& dir, std::vector<std::string> arguments,
            const std::map<std::string, std::string>& environment = {{"ZIMAGE_MODEL", kModel}}) {
  arguments.insert(arguments.begin(), {"generate", "--threads", "1"});
  return test::run_zimage({arguments, dir.path(), environment});
}

// A picture with no setting at its default.
void draw_original(const TempDir& dir) {
  test::expect_success(run(dir, {"--prompt",
                                 "@@a \"fox\"\n-",
                                 "--negative-prompt",
                                 "blur",
                                 "--guidance-scale",
                                 "1.5",
                                 "--seed",
                                 "18446744073709551615",
                                 "--size",
                                 "48x32",
                                 "--steps",
                                 "3",
                                 "--device",
                                 "cpu",
                                 "--dtype",
                                 "bf16",
                                 "--attention",
                                 "math",
                                 "--vae-tiling",
                                 "strips",
                                 "--cfg-truncation",
                                 "0.9",
                                 "--cfg-normalization",
                                 "0.5",
                                 "--literal-prompt",
                                 "--out",
                                 "original.png"}));
}

io::Json metadata_of(const std::filesystem::path& path) {
  return io::parse_json(io::read_png_metadata(content_of(path), path.string()).value(), path.string());
}

std::size_t warnings_in(const std::string& err) {
  std::size_t count = 0;
  for (std::size_t at = err.find("warning: "); at != std::string::npos; at = err.find("warning: ", at + 1)) ++count;
  return count;
}

TEST(Recreation, G9_gives_the_same_bytes_and_says_nothing) {
  const TempDir dir;
  draw_original(dir);
  const Outcome again = run(dir, {"--from", "original.png", "--out", "again.png", "--quiet"});
  test::expect_success(again);
  EXPECT_EQ(again.err, "");
  EXPECT_EQ(content_of(dir / "again.png"), content_of(dir / "original.png"));
}

TEST(Recreation, the_command_line_stands_over_the_picture_over_the_file_over_the_defaults) {
  const TempDir dir;
  draw_original(dir);
  dir.write("zimage.yaml",
            "prompt: {text: a dog, negative: cats}\nsampling: {seed: 5, steps: 9, guidance_scale: 4}\n"
            "image: {size: 64x64}\ndtype: fp32\ndevice: auto\nattention: {backend: flash}\noutput: {out: file.png}\n");
  test::expect_success(run(dir, {"--from", "original.png", "--seed", "7", "--width", "32", "--height", "16"}));
  const io::Json now = metadata_of(dir / "file.png"), then = metadata_of(dir / "original.png");
  EXPECT_EQ(*now.find("seed")->as<std::int64_t>(), 7);
  EXPECT_EQ(*now.find("width")->as<std::int64_t>(), 32);
  EXPECT_EQ(*now.find("prompt")->as<std::string>(), "@a \"fox\"\n-");
  for (const char* same :
       {"prompt", "negative_prompt", "literal_prompt", "guidance_scale", "cfg_normalization", "cfg_truncation", "rng",
        "steps", "dtype", "attention", "attention_choice", "plan", "fingerprint"}) {
    EXPECT_EQ(io::to_string(*now.find(same)), io::to_string(*then.find(same))) << same;
  }
  const Outcome shown = test::run_zimage({{"config", "--show", "--from", "original.png", "--seed", "7"}, dir.path()});
  test::expect_success(shown);
  const auto holds = [&](const std::string& start, const std::string& origin) {
    const std::size_t at = shown.out.find("\n  " + start);
    ASSERT_NE(at, std::string::npos) << start << "\n" << shown.out;
    const std::string line = shown.out.substr(at + 1, shown.out.find('\n', at + 1) - at - 1);
    EXPECT_TRUE(line.ends_with("# " + origin)) << line;
  };
  holds("seed: 7", "command line");
  holds("steps: 3", "original.png");
  holds("out: \"file.png\"", "zimage.yaml:7");
  holds("# count:", "default: 1");
}

TEST(Recreation, a_prompt_of_a_picture_is_never_a_file) {
  const TempDir dir;
  dir.write("secret.txt", "secret");
  dir.write("evil.png",
            io::png_bytes({1, 1, {1, 2, 3}}, {R"({"prompt":"@secret.txt","steps":2,"width":16,"height":16})", {}}));
  test::expect_success(run(dir, {"--from", "evil.png", "--out", "x.png", "--device", "cpu"}));
  EXPECT_EQ(*metadata_of(dir / "x.png").find("prompt")->as<std::string>(), "@secret.txt");
}

TEST(Recreation, what_differs_is_said_a_line_each) {
  const TempDir dir;
  draw_original(dir);
  io::Json json = metadata_of(dir / "original.png");
  for (auto& [name, value] : *json.as<io::Json::Object>()) {
    if (name == "zimage" || name == "torch") value = io::Json("0.0");
    if (name == "fingerprint") value = io::Json("0123456789abcdef");
    if (name == "device") value = io::Json("cuda");
  }
  dir.write("other.png", io::png_bytes({1, 1, {1, 2, 3}}, {io::to_string(json), {}}));
  const Outcome outcome =
      run(dir, {"--from", "other.png", "--device", "cpu", "--dtype", "fp32", "--attention", "flash"});
  test::expect_success(outcome);
  for (const char* line :
       {"other.png: zimage was 0.0 and is ", "other.png: torch was 0.0 and is ",
        "other.png: device was cuda and is cpu", "other.png: fingerprint was 0123456789abcdef and is ",
        "other.png: dtype was bf16 and is fp32", "other.png: attention was math and is flash", "other.png: plan was {",
        ": the pixels may differ\n"}) {
    EXPECT_NE(outcome.err.find(line), std::string::npos) << line << "\n" << outcome.err;
  }
  EXPECT_EQ(warnings_in(outcome.err), 7U) << outcome.err;
}

TEST(Recreation, the_model_that_is_here_is_taken_before_the_environment) {
  const TempDir dir;
  const auto snapshot = dir / "hub/models--someone--square/snapshots/0123";
  std::filesystem::create_directories(snapshot.parent_path());
  std::filesystem::copy(kModel, snapshot, std::filesystem::copy_options::recursive);
  const std::map<std::string, std::string> environment{{"ZIMAGE_MODEL", "/nonexistent"},
                                                       {"HF_HUB_CACHE", (dir / "hub").string()}};
  dir.write("x.png",
            io::png_bytes(
                {1, 1, {1, 2, 3}},
                {R"({"zimage":"0.1.0","prompt":"a","steps":5,"width":16,"height":16,"model":"someone/square"})", {}}));
  test::expect_success(run(dir, {"--from", "x.png", "--device", "cpu", "--out", "y.png"}, environment));
  EXPECT_EQ(*metadata_of(dir / "y.png").find("model")->as<std::string>(), "someone/square");
  test::expect_refused(run(dir, {"--from", "x.png", "--quiet", "--model", "elsewhere"}, environment), 3,
                       {"--model elsewhere"});
}

TEST(Recreation, of_another_program_prompt_seed_steps_and_size_are_taken) {
  const TempDir dir;
  dir.write("sd.png",
            io::png_bytes({1, 1, {1, 2, 3}},
                          {{}, "a fox\nNegative prompt: blur\nSteps: 5, CFG scale: 7, Seed: 42, Size: 32x16"}));
  const Outcome outcome = run(dir, {"--from", "sd.png", "--device", "cpu"});
  test::expect_success(outcome);
  EXPECT_NE(outcome.err.find("warning: sd.png: made by another program"), std::string::npos) << outcome.err;
  EXPECT_EQ(warnings_in(outcome.err), 1U) << outcome.err;
  const io::Json json = metadata_of(dir / "result.png");
  EXPECT_EQ(*json.find("seed")->as<std::int64_t>(), 42);
  EXPECT_EQ(*json.find("height")->as<std::int64_t>(), 16);
  EXPECT_EQ(*json.find("guidance_scale")->as<double>(), 0);
  dir.write("odd.png", io::png_bytes({1, 1, {1, 2, 3}}, {{}, "a fox\nSteps: 5, Seed: 42, Size: 33x16"}));
  test::expect_refused(run(dir, {"--from", "odd.png", "--out", "y.png"}), 3, {"odd.png: width 33", "multiple of 16"});
  test::expect_success(run(dir, {"--from", "odd.png", "--out", "y.png", "--width", "32", "--device", "cpu"}));
}

TEST(Recreation, noise_of_a_file_is_told) {
  const TempDir dir;
  dir.write("x.png", io::png_bytes({1, 1, {1, 2, 3}},
                                   {R"({"prompt":"a","steps":5,"width":16,"height":16,"initial_noise":"file"})", {}}));
  const Outcome outcome = run(dir, {"--from", "x.png", "--out", "y.png", "--device", "cpu"});
  test::expect_success(outcome);
  EXPECT_NE(outcome.err.find("x.png: its noise was a file's"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace zimage
