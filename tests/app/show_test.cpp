// zimage show: what pictures say, ours and those of other programs.
#include "app/expect_outcome.h"
#include "io/json.h"
#include "io/png.h"
#include "support/temp_dir.h"

namespace zimage {
namespace {

using test::Outcome;
using test::TempDir;

const Image kPixel{1, 1, {1, 2, 3}};

Outcome show(const TempDir& dir, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"show"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return test::run_zimage({arguments, dir.path()});
}

TEST(Show, prints_what_is_in_the_picture) {
  const TempDir dir;
  const std::string json =
      R"({"zimage":"0.1.0","prompt":"a\u001b[31m fox","seed":18446744073709551615,"plan":{"vae_tiling":"off"}})";
  dir.write("x.png", io::png_bytes(kPixel, {json, "a\nSteps: 9, Seed: 1, Size: 1x1"}));
  const Outcome table = show(dir, {"x.png"});
  test::expect_success(table);
  EXPECT_EQ(table.out,
            "zimage                      0.1.0\n"
            "prompt                      a\\x1b[31m fox\n"
            "seed                        18446744073709551615\n"
            "plan.vae_tiling             off\n");
  EXPECT_EQ(table.err, "");
  const Outcome raw = show(dir, {"--json", "x.png"});
  test::expect_success(raw);
  EXPECT_EQ(raw.out, json + "\n");
}

TEST(Show, reads_the_parameters_of_other_programs) {
  const TempDir dir;
  const std::string text =
      "a fox, caf\xC3\xA9\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x768, "
      "Model: sd, Version: v1.9.3";
  dir.write("x.png", io::png_bytes(kPixel, {{}, text}));
  const Outcome raw = show(dir, {"--json", "x.png"});
  test::expect_success(raw);
  EXPECT_EQ(raw.out,
            "{\"prompt\":\"a fox, caf\xC3\xA9\",\"negative_prompt\":\"blur\",\"seed\":42,\"steps\":20,"
            "\"guidance_scale\":6.0,\"width\":512,\"height\":768,\"sampler\":\"Euler a\",\"model\":\"sd\","
            "\"version\":\"v1.9.3\"}\n");
  const Outcome table = show(dir, {"x.png"});
  EXPECT_NE(table.out.find("seed                        42\n"), std::string::npos) << table.out;
  EXPECT_NE(table.err.find("not by zimage"), std::string::npos) << table.err;
}

TEST(Show, a_picture_that_says_nothing_is_told) {
  const TempDir dir;
  dir.write("x.png", io::png_bytes(kPixel, {}));
  test::expect_refused(show(dir, {"x.png"}), 3, {"x.png: does not say how it was made"});
  dir.write("list.png", io::png_bytes(kPixel, {"[1]", {}}));
  test::expect_refused(show(dir, {"list.png"}), 3, {"list.png: zimage text: must be an object"});
  dir.write("bad.png", io::png_bytes(kPixel, {"{\"a\":", {}}));
  test::expect_refused(show(dir, {"bad.png"}), 3, {"bad.png: zimage text: byte "});
  dir.write("text.png", "GIF89a");
  test::expect_refused(show(dir, {"text.png"}), 3, {"text.png: PNG: the signature is missing"});
  test::expect_refused(show(dir, {"none.png"}), 4, {"none.png"});
  test::expect_refused(show(dir, {"."}), 3, {"not a regular file"});
  test::expect_refused(show(dir, {}), 2, {"PICTURE"});
}

}  // namespace
}  // namespace zimage
