// Machines on which CUDA cannot be used.
#include "app/expect_cheap.h"
#include "app/expect_outcome.h"
#include "io/json.h"
#include "io/png.h"
#include "support/temp_dir.h"

namespace zimage {
namespace {

using test::Outcome;
using test::TempDir;

Outcome generate(const TempDir& dir, const std::string& device, const std::map<std::string, std::string>& environment) {
  return test::run_zimage({{"generate", "--quiet", "--model", ZIMAGE_TEST_DATA "/parity/square", "--device", device,
                            "--prompt", "x", "--width", "32", "--height", "32", "--seed", "1", "--out", "x.png"},
                           dir.path(),
                           environment});
}

TEST(MissingDevice, R23_no_gpu) {
  const std::map<std::string, std::string> none{{"CUDA_VISIBLE_DEVICES", ""}};
  const TempDir dir;
  const Outcome refused = generate(dir, "cuda", none);
  test::expect_refused(refused, 6, {"--device cuda:0", "no such device"});
  test::expect_cheap(refused);
  EXPECT_EQ(dir.entries(), 0U);

  test::expect_success(generate(dir, "auto", none));
  const std::string text = io::read_png_metadata(test::content_of(dir / "x.png"), "x.png").value();
  EXPECT_EQ(*io::parse_json(text, "x.png").find("device")->as<std::string>(), "cpu");
}

TEST(MissingDevice, R24_old_driver) {
  const TempDir dir;
  if (test::run_zimage({{"--version"}, dir.path()}).out.find("CUDA none") != std::string::npos) {
    GTEST_SKIP() << "built without CUDA";
  }
  const Outcome refused = generate(dir, "cuda", {{"LD_PRELOAD", ZIMAGE_OLD_DRIVER}});
  test::expect_refused(refused, 6, {"--device cuda:0", "driver supports CUDA 12.2", "needs 13.0", "580 or later"});
  test::expect_cheap(refused);
  EXPECT_EQ(dir.entries(), 0U);
}

}  // namespace
}  // namespace zimage
