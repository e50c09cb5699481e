#include "runtime/stored_rows.h"

#include "zimage/error.h"

#include "support/safetensors_builder.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

std::filesystem::path write_table(const test::TempDir& dir) {
  const at::Tensor table = at::arange(12, at::kFloat).view({4, 3}).to(at::kBFloat16);
  const std::string data(static_cast<const char*>(table.const_data_ptr()), 24);
  std::string header = "{";
  header += test::header_entry("t", "BF16", "[4,3]", "0", "24") + "}";
  dir.write("model.safetensors", test::safetensors_of(header, data));
  return dir / "model.safetensors";
}

TEST(StoredRows, come_in_the_order_asked_as_stored) {
  const test::TempDir dir;
  write_table(dir);
  const ComponentFiles files(dir.path(), "model");
  const at::Tensor rows = StoredRows(*files.find("t")).read({3, 0, 3});
  EXPECT_EQ(rows.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(
      at::equal(rows.to(at::kFloat), at::tensor({9.f, 10.f, 11.f, 0.f, 1.f, 2.f, 9.f, 10.f, 11.f}).view({3, 3})));
}

TEST(StoredRows, R14_a_file_that_shrinks_meanwhile_is_an_io_error) {
  const test::TempDir dir;
  const std::filesystem::path path = write_table(dir);
  const ComponentFiles files(dir.path(), "model");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 2);
  EXPECT_EQ(StoredRows(*files.find("t")).read({2}).numel(), 3);
  try {
    StoredRows(*files.find("t")).read({3});
    FAIL() << "a truncated file was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
  }
}

}  // namespace
}  // namespace zimage
