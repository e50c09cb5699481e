// Pictures that something is wrong with: what is not a number is never written, one colour all over is told.
#include "app/expect_outcome.h"
#include "io/safetensors.h"
#include "support/temp_dir.h"

#include <algorithm>

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::TempDir;

const std::string kModel = ZIMAGE_TEST_DATA "/parity/square";

// The file of a component that holds this tensor.
fs::path file_with(const fs::path& component, const std::string& tensor) {
  for (const auto& entry : fs::directory_iterator(component)) {
    const bool weights = entry.path().extension() == ".safetensors";
    if (weights && io::SafetensorsFile(entry.path()).find(tensor) != nullptr) return entry.path();
  }
  throw std::runtime_error("no tensor " + tensor);
}

// Replaces all of a tensor's bytes by repetitions of these.
void fill(const fs::path& component, const std::string& tensor, const std::string& bytes) {
  const fs::path path = file_with(component, tensor);
  const io::TensorInfo info = *io::SafetensorsFile(path).find(tensor);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(info.offset));
  for (std::uint64_t done = 0; done < info.bytes; done += bytes.size()) {
    file.write(bytes.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(bytes.size(), info.bytes - done)));
  }
}

const std::string kNaN("\0\0\xC0\x7F", 4);  // in float32
const std::string kZero(4, '\0');

Outcome draw(const TempDir& dir) {
  return test::run_zimage({{"generate", "--model", "model", "--quiet", "--prompt", "x", "--seed", "1", "--device",
                            "cpu", "--width", "64", "--height", "48"},
                           dir.path()});
}

TEST(ImageChecks, G10_S36_weights_that_are_not_finite_make_no_png) {
  const TempDir dir;
  fs::copy(kModel, dir / "model", fs::copy_options::recursive);
  fill(dir / "model/vae", "decoder.conv_out.bias", kNaN);
  test::expect_refused(draw(dir), 7, {"not finite"});
  EXPECT_EQ(dir.entries(), 1U);
}

TEST(ImageChecks, G10_R31_latents_that_are_not_finite_make_no_png) {
  const TempDir dir;
  fs::copy(kModel, dir / "model", fs::copy_options::recursive);
  fill(dir / "model/transformer", "all_x_embedder.2-1.bias", kNaN);
  test::expect_refused(draw(dir), 7, {"not finite"});
  EXPECT_EQ(dir.entries(), 1U);
}

TEST(ImageChecks, G10_R32_one_colour_all_over_is_a_warning) {
  const TempDir dir;
  fs::copy(kModel, dir / "model", fs::copy_options::recursive);
  fill(dir / "model/vae", "decoder.conv_out.weight", kZero);
  const Outcome outcome = draw(dir);
  test::expect_success(outcome);
  EXPECT_NE(outcome.err.find("warning: the image is one colour all over"), std::string::npos) << outcome.err;
  EXPECT_TRUE(fs::exists(dir / "result.png"));
}

}  // namespace
}  // namespace zimage
