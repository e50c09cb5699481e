// What pictures say about themselves: both texts, and none.
#include "app/metadata.h"

#include "app/batch_process.h"
#include "io/json.h"

namespace zimage::app {
namespace {

using test::content_of;
using test::TempDir;

GenerationRecord record() {
  GenerationRecord record;
  record.run = {"Z-Image, turbo", "0123456789abcdef", "cuda:0", "fp16", "cudnn", "auto", "A card", "2.11.0"};
  record.request.prompt = "a red circle";
  record.request.seed = 7;
  record.width = 64;
  record.height = 48;
  return record;
}

TEST(Metadata, levers_that_pixels_depend_on_are_told) {
  GenerationRecord r = record();
  const auto plan_of = [](const GenerationRecord& record) {
    return io::to_string(*io::parse_json(picture_text(record).json, "json").find("plan"));
  };
  EXPECT_EQ(plan_of(r), R"({"attention_slicing":"off","activation_recompute":"off","vae_tiling":"off"})");
  r.levers = {.heads_per_slice = 8, .rows_per_chunk = 512, .vae_tiling = VaeTiling::strips, .vae_strip_rows = 256};
  r.batch = 4;
  EXPECT_EQ(plan_of(r),
            R"({"attention_slicing":"8","activation_recompute":"on","vae_tiling":"strips","recompute_rows":512,)"
            R"("strip_rows":256,"batch":4})");
  r.levers = {.vae_tiling = VaeTiling::tiles, .vae_tile = 64};
  r.batch = 1;
  EXPECT_EQ(plan_of(r),
            R"({"attention_slicing":"off","activation_recompute":"off","vae_tiling":"tiles","tile_latents":64})");
}

TEST(Metadata, parameters_are_as_other_programs_write_them) {
  GenerationRecord r = record();
  EXPECT_EQ(picture_text(r).parameters,
            "a red circle\nSteps: 9, Sampler: Euler, CFG scale: 1.0, Seed: 7, Size: 64x48, Model hash: 0123456789, "
            "Model: \"Z-Image, turbo\", Version: zimage " ZIMAGE_VERSION);
  r.request.negative_prompt = "blur";
  r.request.guidance_scale = 2.5;
  r.request.initial_noise.emplace();
  r.run.model = "square";
  EXPECT_EQ(picture_text(r).parameters,
            "a red circle\nNegative prompt: blur\nSteps: 9, Sampler: Euler, CFG scale: 3.5, Size: 64x48, "
            "Model hash: 0123456789, Model: square, Version: zimage " ZIMAGE_VERSION);
}

test::Outcome draw(const TempDir& dir, std::vector<std::string> more) {
  more.insert(more.begin(), {"generate", "--seed", "3", "--prompt", "a fox"});
  return test::run_zimage(test::with_small_model(std::move(more), dir));
}

TEST(Metadata, is_in_the_picture_with_model_machine_and_plan) {
  const TempDir dir;
  test::expect_success(draw(dir, {"--vae-tiling", "strips"}));
  const std::string png = content_of(dir / "result.png");
  const io::Json json = io::parse_json(io::read_png_metadata(png, "x").value(), "x");
  EXPECT_EQ(json.find("fingerprint")->as<std::string>()->size(), 16U);
  EXPECT_NE(json.find("torch")->as<std::string>()->find('.'), std::string::npos);
  EXPECT_EQ(*json.find("plan")->find("vae_tiling")->as<std::string>(), "strips");
  EXPECT_EQ(json.find("gpu"), nullptr);
  const std::size_t at = png.find("tEXtparameters");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(png.substr(at + 15, 14), "a fox\nSteps: 2");
  EXPECT_EQ(png.find(dir.path().string()), std::string::npos);
  EXPECT_EQ(png.find(ZIMAGE_TEST_DATA), std::string::npos);
}

TEST(Metadata, none_is_left_where_it_is_not_wanted) {
  const TempDir dir;
  test::expect_success(draw(dir, {"--no-metadata", "--out", "without.png"}));
  test::expect_success(draw(dir, {"--out", "with.png"}));
  std::string with = content_of(dir / "with.png");
  const std::string without = content_of(dir / "without.png");
  for (const char* word : {"iTXt", "tEXt", "fox", "zimage", "Steps"}) {
    EXPECT_NE(with.find(word), std::string::npos) << word;
    EXPECT_EQ(without.find(word), std::string::npos) << word;
  }
  with.erase(33, with.find("IDAT") - 4 - 33);  // what is between the header and the pixels
  EXPECT_EQ(without, with);
}

TEST(Metadata, R4_G6_batches_without_it_go_on_where_they_were_stopped) {
  const TempDir dir;
  dir.write("p.txt", "a\nb\n");
  const std::vector<std::string> options{"--prompts", "p.txt", "--seed", "1", "--no-metadata"};
  test::expect_success(test::run_batch(dir, options));
  const auto pictures = test::contents_of(dir / "out");
  EXPECT_EQ(pictures.at("00000-a-1.png").find("zimage"), std::string::npos);
  // As if the run had ended between the second picture and its line.
  const auto journal = dir / "out/zimage-journal.jsonl";
  std::string lines = content_of(journal);
  lines.erase(lines.rfind('\n', lines.size() - 2) + 1);
  dir.write("out/zimage-journal.jsonl", lines);
  std::filesystem::last_write_time(journal, std::filesystem::last_write_time(dir / "out/00001-b-2.png"));
  EXPECT_EQ(test::run_batch(dir, options).out, "out/00001-b-2.png\n");
  EXPECT_EQ(test::contents_of(dir / "out"), pictures);
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt"}), 2, {"metadata was false and is not there now"});
  // A picture that was there before the journal is somebody's.
  dir.write("p.txt", "a\nb\nc\n");
  dir.write("out/00002-c-3.png", "mine");
  std::filesystem::last_write_time(dir / "out/00002-c-3.png",
                                   std::filesystem::last_write_time(journal) - std::chrono::hours(1));
  test::expect_refused(test::run_batch(dir, options), 4, {"00002-c-3.png", "already exists"});
}

}  // namespace
}  // namespace zimage::app
