// The name of a checkpoint's weights.
#include "checkpoint/fingerprint.h"

#include "support/checkpoint_builder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace zimage {
namespace {

namespace fs = std::filesystem;

// Changes one byte of a file.
void change(const fs::path& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file.put('\x01');
}

TEST(Fingerprint, is_the_weights_own) {
  const test::TempDir dir;
  const fs::path model = test::write_checkpoint(dir);
  const std::string name = fingerprint(Checkpoint(model));
  EXPECT_EQ(name.size(), 16U);
  EXPECT_EQ(name.find_first_not_of("0123456789abcdef"), std::string::npos);
  fs::rename(model, dir / "elsewhere");
  EXPECT_EQ(fingerprint(Checkpoint(dir / "elsewhere")), name);
}

TEST(Fingerprint, other_weights_of_the_same_shapes_have_another) {
  const test::TempDir dir;
  const fs::path model = test::write_checkpoint(dir);
  const std::string name = fingerprint(Checkpoint(model));
  const Checkpoint checkpoint(model);
  const auto& tensors = checkpoint.transformer().tensors();
  const auto first = std::min_element(tensors.begin(), tensors.end(),
                                      [](const TensorSource& a, const TensorSource& b) { return a.name < b.name; });
  change(first->file->path(), static_cast<std::streamoff>(first->info->offset));
  EXPECT_NE(fingerprint(Checkpoint(model)), name);
}

TEST(Fingerprint, another_schedule_is_another_model) {
  const test::TempDir dir;
  const fs::path model = test::write_checkpoint(dir);
  const std::string name = fingerprint(Checkpoint(model));
  test::replace_in(model / "scheduler/scheduler_config.json", "\"shift\": 3.0", "\"shift\": 4.0");
  EXPECT_NE(fingerprint(Checkpoint(model)), name);
}

}  // namespace
}  // namespace zimage
