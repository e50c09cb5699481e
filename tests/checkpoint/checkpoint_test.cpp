// A folder's weights against its configurations, and the layouts that must load.
#include "checkpoint/checkpoint.h"

#include "checkpoint/summary.h"
#include "support/checkpoint_builder.h"
#include "support/expect_error.h"
#include "support/safetensors_builder.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::replace_in;
using test::TempDir;

constexpr const char* kTransformerFile = "model/transformer/diffusion_pytorch_model.safetensors";

// The small transformer's file with one thing changed.
std::string transformer_file(const ExpectedTensors::Shapes& shapes, const std::string& odd_one = "",
                             DType odd_dtype = DType::f32) {
  test::SafetensorsBuilder builder;
  for (const auto& [name, shape] : shapes) builder.add(name, shape, name == odd_one ? odd_dtype : DType::f32);
  return builder.bytes();
}

ExpectedTensors::Shapes transformer_shapes() { return transformer_tensors(test::small_transformer()).shapes; }

std::uint64_t elements(const ExpectedTensors& tensors) {
  std::uint64_t sum = 0;
  for (const auto& [name, shape] : tensors.shapes) {
    std::uint64_t product = 1;
    for (const std::int64_t dimension : shape) product *= static_cast<std::uint64_t>(dimension);
    sum += product;
  }
  return sum;
}

// Moves every file into REPO/blobs and leaves the symlinks of a Hugging Face cache; returns the snapshot.
fs::path as_hugging_face_cache(const TempDir& dir) {
  const fs::path repository = dir / "models--a--b", snapshot = repository / "snapshots/0123abcd";
  test::write_checkpoint(dir, "models--a--b/snapshots/0123abcd");
  fs::create_directories(repository / "blobs");
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(snapshot)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    const fs::path blob = repository / "blobs" / ("sha" + std::to_string(i));
    fs::rename(files[i], blob);
    fs::create_symlink(fs::relative(blob, files[i].parent_path()), files[i]);
  }
  return snapshot;
}

TEST(Checkpoint, lists_only_what_is_loaded) {
  const TempDir dir;
  test::write_checkpoint(dir);
  auto shapes = text_encoder_tensors(test::small_text_encoder()).shapes;
  shapes["layers.1.input_layernorm.weight"] = {4};  // the last layer of two
  shapes["norm.weight"] = {4};
  test::SafetensorsBuilder builder;
  for (const auto& [name, shape] : shapes) builder.add("model." + name, shape, DType::bf16);
  dir.write("model/text_encoder/model.safetensors", builder.bytes());
  const Checkpoint checkpoint(dir / "model");
  EXPECT_TRUE(checkpoint.warnings().empty());
  EXPECT_EQ(checkpoint.text_encoder().find("norm.weight"), nullptr);
  EXPECT_EQ(checkpoint.text_encoder().find("layers.1.input_layernorm.weight"), nullptr);
  EXPECT_NE(checkpoint.text_encoder().find("layers.0.input_layernorm.weight"), nullptr);
  EXPECT_EQ(checkpoint.text_encoder().tensors().size() + 2, shapes.size());
  EXPECT_EQ(checkpoint.text_encoder().stored().tensors, shapes.size());
}

TEST(Checkpoint, a_tensor_is_missing) {
  const TempDir dir;
  test::write_checkpoint(dir);
  auto shapes = transformer_shapes();
  shapes.erase("layers.0.attention.to_q.weight");
  dir.write(kTransformerFile, transformer_file(shapes));
  expect_error(ErrorKind::model, {kTransformerFile, "layers.0.attention.to_q.weight", "is missing"},
               [&] { Checkpoint checkpoint(dir / "model"); });
}

TEST(Checkpoint, X14_wrong_shape) {
  const TempDir dir;
  test::write_checkpoint(dir);
  auto shapes = transformer_shapes();
  shapes["x_pad_token"] = {1, 13};
  dir.write(kTransformerFile, transformer_file(shapes));
  expect_error(ErrorKind::model, {kTransformerFile, "x_pad_token", "[1, 13]", "[1, 12]"},
               [&] { Checkpoint checkpoint(dir / "model"); });
}

TEST(Checkpoint, X14_wrong_dtype) {
  const TempDir dir;
  test::write_checkpoint(dir);
  for (const DType dtype : {DType::f64, DType::i32, DType::i8, DType::f8_e5m2, DType::boolean}) {
    dir.write(kTransformerFile, transformer_file(transformer_shapes(), "x_pad_token", dtype));
    expect_error(ErrorKind::model, {kTransformerFile, "x_pad_token", "dtype", std::string(safetensors_name(dtype))},
                 [&] { Checkpoint checkpoint(dir / "model"); });
  }
  for (const DType dtype : {DType::f16, DType::bf16, DType::f8_e4m3}) {
    dir.write(kTransformerFile, transformer_file(transformer_shapes(), "x_pad_token", dtype));
    EXPECT_NO_THROW(Checkpoint checkpoint(dir / "model"));
  }
}

TEST(Checkpoint, C14_weights_that_disagree_with_the_config) {
  const TempDir dir;
  const fs::path model = test::write_checkpoint(dir);
  replace_in(model / "transformer/config.json", "\"n_layers\": 1", "\"n_layers\": 2");
  expect_error(ErrorKind::model, {"layers.1.", "is missing"}, [&] { Checkpoint checkpoint(model); });
  replace_in(model / "transformer/config.json", "\"n_layers\": 2", "\"n_layers\": 1");
  replace_in(model / "vae/config.json", "[2, 2, 4, 4]", "[2, 2, 4, 6]");
  expect_error(ErrorKind::model, {"vae", "shape", "6"}, [&] { Checkpoint checkpoint(model); });
}

TEST(Checkpoint, strays_are_one_warning) {
  const TempDir dir;
  test::write_checkpoint(dir);
  auto shapes = transformer_shapes();
  shapes["norm_final.weight"] = {12};  // known, not worth a word
  shapes["yyy"] = shapes["zzz"] = {1};
  dir.write(kTransformerFile, transformer_file(shapes));
  const Checkpoint checkpoint(dir / "model");
  ASSERT_EQ(checkpoint.warnings().size(), 1U);
  EXPECT_NE(checkpoint.warnings()[0].find("2 tensors"), std::string::npos) << checkpoint.warnings()[0];
  EXPECT_NE(checkpoint.warnings()[0].find("yyy"), std::string::npos) << checkpoint.warnings()[0];
  EXPECT_EQ(checkpoint.transformer().find("zzz"), nullptr);
}

TEST(Checkpoint, X7_a_component_behind_a_symlink) {
  const TempDir dir;
  const fs::path model = test::write_checkpoint(dir);
  fs::rename(model / "vae", dir / "vae");
  fs::create_directory_symlink("../vae", model / "vae");
  expect_error(ErrorKind::model, {"vae", "symlink"}, [&] { Checkpoint checkpoint(model); });
}

TEST(Checkpoint, the_model_folder_itself_may_be_a_symlink) {
  const TempDir dir;
  test::write_checkpoint(dir);
  fs::create_directory_symlink("model", dir / "link");
  EXPECT_NO_THROW(Checkpoint checkpoint(dir / "link"));
}

TEST(Checkpoint, X8_hugging_face_cache_loads) {
  const TempDir dir;
  const Checkpoint checkpoint(as_hugging_face_cache(dir));
  EXPECT_TRUE(checkpoint.warnings().empty());
  EXPECT_EQ(checkpoint.transformer().tensors().size(), transformer_shapes().size());
}

TEST(Checkpoint, X6_cache_symlinks_into_another_repository) {
  const TempDir dir;
  const fs::path snapshot = as_hugging_face_cache(dir), config = snapshot / "vae/config.json";
  const std::string content = test::content_of(config);
  fs::remove(config);
  fs::create_symlink(dir.write("models--c--d/blobs/sha", content), config);
  expect_error(ErrorKind::model, {"vae/config.json", "symlink"}, [&] { Checkpoint checkpoint(snapshot); });
}

TEST(Checkpoint, X7_blobs_that_is_itself_a_symlink) {
  const TempDir dir;
  const fs::path snapshot = as_hugging_face_cache(dir);
  fs::rename(dir / "models--a--b/blobs", dir / "elsewhere");
  fs::create_directory_symlink("../elsewhere", dir / "models--a--b/blobs");
  expect_error(ErrorKind::model, {"symlink"}, [&] { Checkpoint checkpoint(snapshot); });
}

// Written by diffusers and transformers themselves.
TEST(Checkpoint, folders_of_the_reference_load_without_a_warning) {
  for (const char* name : {"square", "odd"}) {
    const Checkpoint checkpoint(fs::path(ZIMAGE_TEST_DATA) / "parity" / name);
    EXPECT_TRUE(checkpoint.warnings().empty()) << checkpoint.warnings().front();
    EXPECT_GT(checkpoint.text_encoder().stored().files, 1U);
  }
}

TEST(Checkpoint, summary_counts_what_is_stored_and_what_is_loaded) {
  const auto summaries = summarize(Checkpoint(fs::path(ZIMAGE_TEST_DATA) / "parity" / "odd"));
  ASSERT_EQ(summaries.size(), 3U);
  EXPECT_EQ(summaries[0].name, "text_encoder");
  EXPECT_EQ(summaries[0].parameters, 67994U);
  EXPECT_EQ(summaries[0].loaded_parameters, 54828U);
  EXPECT_EQ(summaries[0].parameters_stored.at(DType::bf16), 67994U);
  EXPECT_EQ(summaries[0].loaded_bytes(DType::f32), 4 * 54828U);
  EXPECT_EQ(summaries[1].parameters, summaries[1].loaded_parameters);
  EXPECT_EQ(summaries[2].files, 1U);
  EXPECT_GT(summaries[2].file_bytes, 2 * summaries[2].parameters);
}

// The published model's parameter counts.
TEST(ExpectedTensors, full_size) {
  const TransformerConfig transformer{3840, 30, 2, 30, 16, 2, 2560, 1e-5, 256, 1000, {32, 48, 48}, {1536, 512, 512}};
  EXPECT_EQ(elements(transformer_tensors(transformer)), 6'154'908'736U);
  const VaeConfig vae{{128, 256, 512, 512}, 2, 16, 32, 1024, 0.3611, 0.1159};
  EXPECT_EQ(elements(vae_decoder_tensors(vae)), 49'545'475U);
  TextEncoderConfig text{151936, 2560, 9728, 36, 32, 8, 128, 1e-6, 1e6};
  const std::uint64_t without_last_layer = elements(text_encoder_tensors(text));
  text.num_hidden_layers = 37;
  // 36 layers and the final norm.
  EXPECT_EQ(elements(text_encoder_tensors(text)) + 2560, 4'022'468'096U);
  EXPECT_LT(without_last_layer, elements(text_encoder_tensors(text)));
}

}  // namespace
}  // namespace zimage
