// A model given as single files, through the commands.
#include "support/single_files.h"

#include "app/expect_outcome.h"
#include "io/json.h"
#include "io/png.h"
#include "io/png_pixels.h"
#include "io/sha256.h"
#include "support/temp_dir.h"

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::expect_refused;
using test::expect_success;
using test::Outcome;
using test::TempDir;

const fs::path kParity = ZIMAGE_TEST_DATA "/parity";

// As ComfyUI's users keep them, the tokenizer beside. Only the VAE needs its config.json, for its groups are not 32.
class SingleFilesTest : public testing::TestWithParam<std::string> {
 protected:
  SingleFilesTest() : model_(kParity / GetParam()) {
    test::write_original_transformer(model_ / "transformer",
                                     {dir_ / "t/z_image_turbo.safetensors", "model.diffusion_model."});
    test::write_text_encoder(model_ / "text_encoder", {dir_ / "q/qwen_3_4b.safetensors", "model."});
    test::write_original_vae(model_ / "vae", {dir_ / "v/ae.safetensors", ""});
    for (const auto& [from, to] : {std::pair("transformer", "t"), {"text_encoder", "q"}, {"vae", "v"}}) {
      fs::copy_file(model_ / from / "config.json", dir_ / to / "config.json");
    }
    fs::copy(model_ / "tokenizer", dir_ / "q/tokenizer");
  }
  // Folders, each of one file and a config.json.
  std::vector<std::string> folders() const { return {"--transformer", "t", "--text-encoder", "q", "--vae", "v"}; }

  Outcome run(const std::string& command, const std::vector<std::string>& model, std::vector<std::string> more) const {
    more.insert(more.begin(), model.begin(), model.end());
    more.insert(more.begin(), command);
    return test::run_zimage({more, dir_.path()});
  }
  std::vector<std::uint8_t> pixels(const std::vector<std::string>& model, const std::string& out) const {
    expect_success(run("generate", model,
                       {"--device", "cpu", "--threads", "1", "--width", "32", "--height", "48", "--steps", "5",
                        "--prompt", "a fox", "--seed", "3", "--quiet", "--out", out}));
    return io::read_png(test::content_of(dir_ / out), out).rgb;
  }

  TempDir dir_;
  fs::path model_;
};

TEST_P(SingleFilesTest, draw_the_pixels_of_the_published_folder) {
  const std::vector<std::uint8_t> expected = pixels({"--model", model_.string()}, "published.png");
  EXPECT_EQ(pixels(folders(), "folders.png"), expected);
  EXPECT_EQ(pixels({"--model", model_.string(), "--transformer", "t"}, "mixed.png"), expected);
  const std::string png = test::content_of(dir_ / "folders.png");
  const io::Json metadata = io::parse_json(io::read_png_metadata(png, "folders.png").value_or("null"), "metadata");
  EXPECT_EQ(*metadata.find("model")->as<std::string>(), "t + q + v");
}

TEST_P(SingleFilesTest, are_read_by_every_command) {
  const Outcome published = run("inspect", {"--model", model_.string()}, {"--json"});
  const Outcome inspected = run("inspect", folders(), {"--json"});
  expect_success(inspected);
  const auto loaded = [](const Outcome& outcome) {
    const io::Json json = io::parse_json(outcome.out, "inspect");
    return *json.find("components")->as<io::Json::Array>()->back().find("loaded_parameters")->as<std::int64_t>();
  };
  EXPECT_EQ(loaded(inspected), loaded(published));
  const Outcome planned = run("plan", folders(), {"--card", "h200", "--width", "64", "--height", "64"});
  expect_success(planned);
  EXPECT_EQ(planned.out.substr(0, 9), "t + q + v") << planned.out;
  expect_success(run("tokenize", folders(), {"--prompt", "a fox"}));
  expect_success(run("doctor", folders(), {}));
  dir_.write("prompts.txt", "a fox\n");
  expect_success(run("batch", folders(),
                     {"--prompts", "prompts.txt", "--out-dir", "pictures", "--device", "cpu", "--width", "16",
                      "--height", "16", "--steps", "5", "--seed", "1", "--quiet"}));
}

TEST_P(SingleFilesTest, are_verified_with_what_belongs_to_them) {
  dir_.write("t/another.txt", "of someone else");
  const Outcome outcome = run("verify", folders(), {});
  expect_success(outcome);
  std::vector<std::string> files{"t/z_image_turbo.safetensors",
                                 "q/qwen_3_4b.safetensors",
                                 "v/ae.safetensors",
                                 "t/config.json",
                                 "q/config.json",
                                 "v/config.json"};
  for (const auto& entry : fs::directory_iterator(dir_ / "q/tokenizer")) {
    files.push_back("q/tokenizer/" + entry.path().filename().string());
  }
  for (const std::string& file : files) {
    const std::string line = io::hex(io::sha256(test::content_of(dir_ / file))) + "  " + file + "\n";
    EXPECT_NE(outcome.out.find(line), std::string::npos) << line << outcome.out;
  }
  EXPECT_EQ(test::lines_of(outcome.out), static_cast<long>(files.size())) << outcome.out;
}

INSTANTIATE_TEST_SUITE_P(Models, SingleFilesTest, testing::Values("square", "odd"),
                         [](const auto& info) { return info.param; });

TEST(SingleFilesAlone, need_no_config_where_the_tensors_tell_the_sizes) {
  const TempDir dir;
  const fs::path model = kParity / "square";
  test::write_original_transformer(model / "transformer", {dir / "z_image_turbo.safetensors", ""});
  test::write_text_encoder(model / "text_encoder", {dir / "qwen_3_4b.safetensors", "model."});
  const auto draw = [&](const std::vector<std::string>& files, const std::string& out) {
    std::vector<std::string> arguments{
        "generate", "--model", model.string(), "--device", "cpu",    "--width", "32",      "--height", "32",
        "--steps",  "5",       "--prompt",     "x",        "--seed", "1",       "--quiet", "--out",    out};
    arguments.insert(arguments.end(), files.begin(), files.end());
    const Outcome outcome = test::run_zimage({arguments, dir.path()});
    expect_success(outcome);
    return io::read_png(test::content_of(dir / out), out).rgb;
  };
  EXPECT_EQ(draw({"--transformer", "z_image_turbo.safetensors", "--text-encoder", "qwen_3_4b.safetensors"}, "a.png"),
            draw({}, "b.png"));
}

// Every path of a float8 weight: packed, alone, the embedding's rows; in each type.
TEST(SingleFilesAlone, float8_draws_what_its_values_draw) {
  const TempDir dir;
  const fs::path model = kParity / "square";
  test::write_float8(model / "transformer", dir / "t8.safetensors", dir / "t.safetensors");
  test::write_float8(model / "text_encoder", dir / "q8.safetensors", dir / "q.safetensors");
  for (const std::string dtype : {"fp32", "fp16", "bf16"}) {
    const auto draw = [&](const std::string& transformer, const std::string& text_encoder) {
      expect_success(test::run_zimage({{"generate",  "--model",        model.string(), "--transformer",
                                        transformer, "--text-encoder", text_encoder,   "--device",
                                        "cpu",       "--dtype",        dtype,          "--width",
                                        "32",        "--height",       "32",           "--steps",
                                        "5",         "--prompt",       "a fox",        "--seed",
                                        "1",         "--quiet",        "--force",      "--out",
                                        "x.png"},
                                       dir.path()}));
      return io::read_png(test::content_of(dir / "x.png"), "x.png").rgb;
    };
    const std::vector<std::uint8_t> expected = draw("t.safetensors", "q.safetensors");
    EXPECT_EQ(draw("t8.safetensors", "q8.safetensors"), expected) << dtype;
    EXPECT_NE(draw("t8.safetensors", (model / "text_encoder").string()), expected) << dtype;
  }
}

TEST(SingleFilesAlone, what_is_missing_is_named) {
  const TempDir dir;
  const auto run = [&](const std::vector<std::string>& arguments) { return test::run_zimage({arguments, dir.path()}); };
  expect_refused(run({"inspect", "--transformer", "t.safetensors"}), 2, {"--text-encoder and --vae", "--model"});
  expect_refused(run({"inspect", "--vae", ""}), 2, {"--vae", "must name"});
  expect_refused(run({"generate", "--prompt", "x", "--vae", ""}), 2, {"--vae", "must name"});
  expect_refused(run({"inspect", "--model", (kParity / "square").string(), "--vae", "gone"}), 3,
                 {"gone", "no such file or folder", "vae"});
  expect_refused(run({"inspect", "--model", (kParity / "square/model_index.json").string()}), 3,
                 {"model_index.json", "is a file", "--transformer"});
  const std::vector<std::string> folders{"--transformer", (kParity / "square/transformer").string(), "--vae",
                                         (kParity / "square/vae").string()};
  fs::copy(kParity / "square/text_encoder", dir / "q");  // away from the tokenizer
  const auto with_folders = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), folders.begin(), folders.end());
    return run(arguments);
  };
  expect_success(with_folders({"inspect", "--text-encoder", "q"}));
  expect_success(with_folders({"tokenize", "--text-encoder", "q", "--prompt", "x"}));  // beside the transformer
  expect_refused(run({"tokenize", "--transformer", "q", "--text-encoder", "q", "--vae", "q", "--prompt", "x"}), 3,
                 {"no tokenizer"});
  dir.write("t.gguf", "GGUF and more");
  expect_refused(run({"inspect", "--model", (kParity / "square").string(), "--transformer", "t.gguf"}), 3,
                 {"t.gguf", "GGUF", "safetensors"});
}

}  // namespace
}  // namespace zimage
