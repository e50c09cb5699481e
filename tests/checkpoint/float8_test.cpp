// Float8 weights: what is accepted, and with which scale.
#include "checkpoint/units.h"
#include "support/checkpoint_builder.h"
#include "support/expect_error.h"
#include "support/safetensors_builder.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using test::expect_error;
using test::TempDir;

constexpr const char* kTransformerFile = "model/transformer/diffusion_pytorch_model.safetensors";
constexpr const char* kMatrix = "layers.0.feed_forward.w2.weight";

// Matrices in float8, one of them with a tensor beside it, whose bytes are given.
struct Beside {
  std::string name = "layers.0.feed_forward.w2.scale_weight";
  std::vector<std::int64_t> shape = {};
  DType dtype = DType::f32;
  std::string bytes = std::string("\0\0\0\x3F", 4);  // 0.5
};

std::filesystem::path write_model(const TempDir& dir, const Beside& beside) {
  test::write_checkpoint(dir);
  test::SafetensorsBuilder builder;
  for (const auto& [name, shape] : transformer_tensors(test::small_transformer()).shapes) {
    builder.add(name, shape, shape.size() == 2 ? DType::f8_e4m3 : DType::f32);
  }
  builder.add(beside.name, beside.shape, beside.dtype);
  std::string file = builder.bytes();
  file.replace(file.size() - beside.bytes.size(), beside.bytes.size(), beside.bytes);
  dir.write(kTransformerFile, file);
  return dir / "model";
}

float scale_with(const Beside& beside) {
  const TempDir dir;
  const Checkpoint checkpoint(write_model(dir, beside));
  EXPECT_TRUE(checkpoint.warnings().empty());
  EXPECT_EQ(checkpoint.transformer().find("layers.0.feed_forward.w1.weight")->scale, 1);
  return checkpoint.transformer().find(kMatrix)->scale;
}

TEST(Float8, scales_of_each_spelling) {
  EXPECT_EQ(scale_with({}), 0.5F);
  EXPECT_EQ(scale_with({.shape = {1}}), 0.5F);
  EXPECT_EQ(scale_with({.name = "layers.0.feed_forward.w2.weight_scale"}), 0.5F);
  EXPECT_EQ(scale_with({.dtype = DType::bf16, .bytes = std::string("\x40\x3F", 2)}), 0.75F);
  EXPECT_EQ(scale_with({.dtype = DType::f16, .bytes = std::string("\0\x3A", 2)}), 0.75F);
  EXPECT_EQ(scale_with({.name = "layers.0.feed_forward.w2.input_scale"}), 1);
  EXPECT_EQ(scale_with({.name = "scaled_fp8", .shape = {0}, .dtype = DType::f8_e4m3, .bytes = ""}), 1);
}

TEST(Float8, scales_that_are_refused) {
  const auto expect_refused = [](const Beside& beside, const std::string& word) {
    const TempDir dir;
    expect_error(ErrorKind::model, {kTransformerFile, beside.name, word},
                 [&] { Checkpoint checkpoint(write_model(dir, beside)); });
  };
  expect_refused({.shape = {12, 1}, .bytes = ""}, "[12, 1]");
  expect_refused({.dtype = DType::u8, .bytes = ""}, "U8");
  expect_refused({.bytes = std::string("\0\0\x80\x7F", 4)}, "not finite");
  expect_refused({.name = "layers.0.feed_forward.w2.weight_scale_inv"}, "not known");
}

// A plan counts the width that weights have in memory, not in the file.
TEST(Float8, units_are_as_large_as_those_of_another_type) {
  const TempDir dir, other;
  const plan::UnitTypes types{DType::f16, DType::f32};
  const plan::Units units = units_of(Checkpoint(write_model(dir, {})), types);
  const plan::Units expected = units_of(Checkpoint(test::write_checkpoint(other)), types);
  ASSERT_EQ(units.size(), expected.size());
  for (std::size_t i = 0; i < units.size(); ++i) EXPECT_EQ(units[i].bytes, expected[i].bytes) << units[i].name;
}

}  // namespace
}  // namespace zimage
