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

TEST(OutputPaths, the_end_of_the_name_says_the_format) {
  const TempDir dir;
  const auto format = [&](const std::string& name) {
    return picture_format("--out", output_paths({(dir / name).string(), {}}, {1, 1}, io::Overwrite::no)[0].image);
  };
  EXPECT_EQ(format("a.png"), PictureFormat::png);
  EXPECT_EQ(format("a.PNG"), PictureFormat::png);
  EXPECT_EQ(format("a.jpg"), PictureFormat::jpeg);
  EXPECT_EQ(format("a.png.JPeG"), PictureFormat::jpeg);
  for (const char* name : {"a.webp", "a", ".png", "a.png.gz"}) {
    test::expect_error(ErrorKind::usage, {"--out", name, "must end with .png, .jpg or .jpeg"}, [&] { format(name); });
  }
  const OutputPaths piped = output_paths({"-", {}}, {1, 1}, io::Overwrite::no)[0];
  EXPECT_TRUE(piped.is_to_standard_output());
  EXPECT_EQ(picture_format("--out", piped.image), PictureFormat::png);
}

TEST(OutputPaths, pictures_of_steps_have_a_folder_each) {
  EXPECT_EQ(step_name(1, 8), "step-01.png");
  EXPECT_EQ(step_name(12, 12), "step-12.png");
  EXPECT_EQ(step_name(7, 100), "step-007.png");
  const TempDir dir;
  const std::string image = (dir / "{seed}.png").string(), plain = (dir / "x.png").string();
  const auto paths = output_paths({image, {}, (dir / "s{seed}").string(), 8}, {3, 2}, io::Overwrite::no);
  EXPECT_EQ(paths[1].steps, dir / "s4");
  EXPECT_FALSE(std::filesystem::exists(dir / "s4"));
  const auto steps = [&](const std::string& out, const std::string& folder, std::uint64_t count = 1) {
    output_paths({out, {}, folder, 8}, {3, count}, io::Overwrite::no);
  };
  test::expect_error(ErrorKind::usage, {"--save-steps", "{seed}"}, [&] { steps(image, (dir / "s").string(), 2); });
  test::expect_error(ErrorKind::io, {"--save-steps", "nowhere"}, [&] { steps(plain, (dir / "nowhere/s").string()); });
  dir.write("s/step-08.png", "mine");
  test::expect_error(ErrorKind::io, {"--save-steps", "step-08.png", "--force"},
                     [&] { steps(plain, (dir / "s").string()); });
  test::expect_error(ErrorKind::usage, {"--save-steps", "is also --out"},
                     [&] { steps((dir / "s/./step-01.png").string(), (dir / "s").string()); });
  dir.write("file", "mine");
  test::expect_error(ErrorKind::io, {"--save-steps", "file"}, [&] { steps(plain, (dir / "file").string()); });
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
