// Pictures in other formats and places, prompts from elsewhere, several prompts, and the pictures of steps.
#include "app/batch_process.h"
#include "app/picture_record.h"
#include "io/jpeg.h"
#include "io/json.h"
#include "io/png.h"
#include "io/png_pixels.h"

namespace zimage {
namespace {

using test::content_of;
using test::Outcome;
using test::TempDir;

test::Invocation drawing(const TempDir& dir, const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"generate", "--model", ZIMAGE_TEST_DATA "/parity/square",
                               "--device", "cpu",     "--threads",
                               "1",        "--width", "32",
                               "--height", "32",      "--steps",
                               "5"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return {all, dir.path()};
}

Outcome draw(const TempDir& dir, const std::vector<std::string>& arguments) {
  return test::run_zimage(drawing(dir, arguments));
}

// With this on standard input.
Outcome draw_from(const TempDir& dir, const std::string& input, const std::vector<std::string>& arguments) {
  dir.write("input.txt", input);
  test::Invocation invocation = drawing(dir, arguments);
  invocation.wrapper = {"sh", "-c", "exec \"$@\" < input.txt", "sh"};
  Outcome outcome = test::run_zimage(invocation);
  std::filesystem::remove(dir / "input.txt");
  return outcome;
}

std::string prompt_of(const std::filesystem::path& picture) {
  return *app::read_picture_record(picture).members.find("prompt")->as<std::string>();
}

TEST(StandardOutput, takes_the_picture_and_nothing_else) {
  const TempDir dir;
  test::expect_success(draw(dir, {"--prompt", "x", "--seed", "7", "--out", "file.png"}));
  const Outcome piped = draw(dir, {"--prompt", "x", "--seed", "7", "--out", "-"});
  test::expect_success(piped);
  EXPECT_EQ(piped.out, content_of(dir / "file.png"));
  EXPECT_NE(piped.err.find("standard output: 32x32, seed 7"), std::string::npos) << piped.err;
  EXPECT_EQ(dir.entries(), 1U);
}

TEST(StandardOutput, is_refused_for_a_terminal_and_for_several_pictures) {
  const TempDir dir;
  test::Invocation invocation = drawing(dir, {"--prompt", "x", "--out", "-"});
  // `script` runs the command in a terminal of its own, in which both outputs come together.
  invocation.wrapper = {"sh", "-c", "command -v script >/dev/null || exit 77; script -qec \"$*\" /dev/null", "sh"};
  const Outcome refused = test::run_zimage(invocation);
  if (refused.exit_code != 77) {
    EXPECT_EQ(refused.exit_code, 2) << refused.out;
    EXPECT_NE(refused.out.find("--out -: standard output is a terminal"), std::string::npos) << refused.out;
  }
  test::expect_refused(draw(dir, {"--prompt", "x", "--seed", "1", "--out", "-", "--count", "2"}), 2,
                       {"--out -", "2 images"});
  EXPECT_EQ(dir.entries(), 0U);
}

TEST(StandardOutput, R5_closed) {
  const TempDir dir;
  test::Invocation invocation = drawing(dir, {"--prompt", "x", "--out", "-"});
  invocation.wrapper = {"/bin/sh", "-c", "exec \"$0\" \"$@\" >&-"};
  const Outcome refused = test::run_zimage(invocation);
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_NE(refused.err.find("error: standard output: cannot write"), std::string::npos) << refused.err;
}

TEST(JpegOutput, by_the_name_with_a_quality_and_how_it_was_made) {
  const TempDir dir;
  test::expect_success(draw(dir, {"--prompt", "a fox", "--seed", "7", "--out", "x.jpg"}));
  test::expect_success(draw(dir, {"--prompt", "a fox", "--seed", "7", "--out", "small.JPEG", "--quality", "10"}));
  test::expect_success(draw(dir, {"--prompt", "a fox", "--seed", "7", "--out", "bare.jpg", "--no-metadata"}));
  const std::string jpeg = content_of(dir / "x.jpg");
  EXPECT_TRUE(io::is_jpeg(jpeg));
  EXPECT_LT(content_of(dir / "small.JPEG").size(), jpeg.size());
  EXPECT_EQ(prompt_of(dir / "x.jpg"), "a fox");
  EXPECT_EQ(io::read_jpeg_comment(content_of(dir / "bare.jpg"), "bare.jpg"), std::nullopt);
  test::expect_success(draw(dir, {"--from", "x.jpg", "--out", "again.jpg"}));
  EXPECT_EQ(content_of(dir / "again.jpg"), jpeg);
}

TEST(JpegOutput, R12_a_write_that_fails_leaves_nothing) {
  const TempDir dir;
  test::Invocation invocation = drawing(dir, {"--prompt", "x", "--seed", "1", "--out", "x.jpg"});
  invocation.wrapper = {"/bin/sh", "-c", "ulimit -f 1; exec \"$0\" \"$@\""};
  test::expect_refused(test::run_zimage(invocation), 4, {"x.jpg", "cannot write"});
  EXPECT_EQ(dir.entries(), 0U);
}

TEST(Prompts, come_from_standard_input_and_files) {
  const TempDir dir;
  dir.write("p.txt",
            "\xEF\xBB\xBF"
            "a red\r\ncircle\r\n");
  test::expect_success(draw_from(dir, "a fox\n", {"--prompt", "-", "--out", "input.png"}));
  EXPECT_EQ(prompt_of(dir / "input.png"), "a fox");
  test::expect_success(draw(dir, {"--prompt", "@p.txt", "--out", "file.png"}));
  EXPECT_EQ(prompt_of(dir / "file.png"), "a red\ncircle");
  test::expect_success(draw(dir, {"--prompt", "@@p.txt", "--out", "at.png"}));
  EXPECT_EQ(prompt_of(dir / "at.png"), "@p.txt");
  test::expect_refused(draw_from(dir, "caf\xE9", {"--prompt", "-", "--quiet"}), 2,
                       {"standard input", "byte 3", "UTF-8"});
  test::expect_refused(draw(dir, {"--prompt", "@p.txt", "--prompt-file", "p.txt", "--quiet"}), 2, {"--prompt-file"});
}

TEST(Prompts, several_are_an_image_each_with_the_seeds_of_a_batch) {
  const TempDir dir;
  const Outcome outcome = draw_from(dir, "c",
                                    {"--prompt", "[a, b]", "--prompt=b", "--prompt", "-", "--count", "2", "--seed", "5",
                                     "--out", "{index}-{seed}.png"});
  test::expect_success(outcome);
  EXPECT_EQ(outcome.out, "0-5.png\n1-6.png\n2-7.png\n3-8.png\n4-9.png\n5-10.png\n");
  const std::vector<std::string> prompts{"[a, b]", "[a, b]", "b", "b", "c", "c"};
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    EXPECT_EQ(prompt_of(dir / (std::to_string(i) + "-" + std::to_string(i + 5) + ".png")), prompts[i]);
  }
  dir.write("list.txt", "[a, b]\nb\nc\n");
  test::Invocation batch = test::batch_invocation(dir, {"--prompts", "list.txt", "--seed", "5", "--count", "2"});
  *(std::find(batch.arguments.begin(), batch.arguments.end(), "--steps") + 1) = "5";
  test::expect_success(test::run_zimage(batch));
  EXPECT_EQ(content_of(dir / "out/00003-b-8.png"), content_of(dir / "3-8.png"));
}

TEST(SaveSteps, writes_what_each_step_estimates_and_leaves_the_picture_as_it_is) {
  const TempDir dir;
  test::expect_success(draw(dir, {"--prompt", "x", "--seed", "7", "--out", "plain.png"}));
  const Outcome outcome = draw(dir, {"--prompt", "x", "--seed", "7", "--out", "x.png", "--save-steps", "steps"});
  test::expect_success(outcome);
  EXPECT_EQ(outcome.out, "x.png\n");
  EXPECT_NE(outcome.err.find("--save-steps: 3 more decodes an image"), std::string::npos) << outcome.err;
  EXPECT_EQ(content_of(dir / "x.png"), content_of(dir / "plain.png"));
  const auto pixels = [](const std::filesystem::path& path) { return io::read_png(content_of(path), "x").rgb; };
  const auto last = pixels(dir / "x.png");
  for (int i = 1; i <= 4; ++i) {
    const auto step = pixels(dir / "steps" / ("step-0" + std::to_string(i) + ".png"));
    EXPECT_EQ(step.size(), last.size());
    EXPECT_EQ(step == last, i == 4) << i;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir / "steps"), {}), 4);
  test::expect_refused(draw(dir, {"--prompt", "x", "--out", "y.png", "--save-steps", "steps", "--quiet"}), 4,
                       {"--save-steps", "step-01.png", "--force"});
}

}  // namespace
}  // namespace zimage
