#include "app/output_paths.h"

#include "support/expect_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

namespace zimage::app {
namespace {

using test::TempDir;

TEST(OutputPaths, placeholders_are_filled_in) {
  const TempDir dir;
  const std::string base = dir.path().string();
  const auto paths = output_paths({base + "/{seed}-{index}-{seed}-{other}.png", base + "/{index}.safetensors"}, {41, 2},
                                  io::Overwrite::no);
  ASSERT_EQ(paths.size(), 2U);
  EXPECT_EQ(paths[0].image, base + "/41-0-41-{other}.png");
  EXPECT_EQ(paths[1].image, base + "/42-1-42-{other}.png");
  EXPECT_EQ(paths[1].latents, base + "/1.safetensors");
}

TEST(OutputPaths, P13_two_images_need_two_names) {
  const TempDir dir;
  const std::string plain = (dir / "x.png").string();
  const std::string indexed = (dir / "{index}.png").string();
  EXPECT_EQ(output_paths({plain, {}}, {1, 1}, io::Overwrite::no).size(), 1U);
  test::expect_error(ErrorKind::usage, {"--out", "{seed}", "2 images"}, [&] {
    output_paths({plain, {}}, {1, 2}, io::Overwrite::no);
  });
  test::expect_error(ErrorKind::usage, {"--save-latents", "{seed}"}, [&] {
    output_paths({indexed, plain}, {1, 2}, io::Overwrite::no);
  });
  test::expect_error(ErrorKind::usage, {"--save-latents", "is also --out"}, [&] {
    output_paths({plain, (dir / "y/../x.png").string()}, {1, 1}, io::Overwrite::no);
  });
}

TEST(OutputPaths, A14_every_file_is_asked_for) {
  const TempDir dir;
  dir.write("2.png", "mine");
  const std::string indexed = (dir / "{index}.png").string();
  test::expect_error(ErrorKind::io, {"--out", "2.png", "exists", "--force"}, [&] {
    output_paths({indexed, {}}, {1, 3}, io::Overwrite::no);
  });
  EXPECT_EQ(output_paths({indexed, {}}, {1, 3}, io::Overwrite::yes).size(), 3U);
}

}  // namespace
}  // namespace zimage::app
