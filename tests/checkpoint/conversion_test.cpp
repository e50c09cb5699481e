// A model's folder in 16 bit: which tensors are rounded, to which bits, and what is refused. And what verifying finds.
#include "base/number_formats.h"
#include "checkpoint/conversion_run.h"
#include "checkpoint/model_files.h"
#include "checkpoint/verification.h"
#include "checkpoint/weight_layout.h"
#include "support/checkpoint_builder.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <cstring>

namespace zimage {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::TempDir;

const fs::path kParity = ZIMAGE_TEST_DATA "/parity";
const KeepGoing kAlways = [] { return true; };

std::string bytes_of(const TensorSource& source) {
  std::string bytes(source.info->bytes, '\0');
  source.file->read_at(source.info->offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

void write_all(const fs::path& model, const fs::path& to, DType dtype) {
  const Checkpoint checkpoint(model);
  for (const char* folder : {"scheduler", "text_encoder", "tokenizer", "transformer", "vae"}) {
    fs::create_directories(to / folder);
  }
  for (const ConvertedFile& file : plan_conversion(checkpoint, dtype)) {
    EXPECT_FALSE(is_converted(file, to, kAlways));
    ASSERT_TRUE(write_converted(file, to, kAlways));
    EXPECT_EQ(fs::file_size(to / file.name), file.bytes);
    EXPECT_TRUE(is_converted(file, to, kAlways));
  }
  for (const fs::path& name : other_files(model)) fs::copy_file(model / name, to / name);
}

// Value by value, as loading rounds.
std::string rounded(const TensorSource& source, DType to) {
  const std::string stored = bytes_of(source);
  const std::size_t width = dtype_bytes(source.info->dtype);
  if (to == source.info->dtype) return stored;
  std::string out;
  for (std::size_t at = 0; at < stored.size(); at += width) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &stored[at], width);
    const float value = width == 4 ? std::bit_cast<float>(bits) : value_of_bf16(static_cast<std::uint16_t>(bits));
    const std::uint16_t half = to == DType::f16 ? f16_of(value) : bf16_of(value);
    out.append(reinterpret_cast<const char*>(&half), sizeof half);
  }
  return out;
}

void expect_rounded(const ComponentFiles& actual, const ComponentFiles& original, const LayoutSpec& spec) {
  for (const UnitLayout& unit : lay_out(original, spec)) {
    for (const TensorLayout& tensor : unit.tensors) {
      for (const TensorSource* source : tensor.sources) {
        const TensorSource* found = actual.find(source->name);
        ASSERT_NE(found, nullptr) << source->name;
        const DType dtype = tensor.dtype == DType::f32 ? source->info->dtype : tensor.dtype;
        EXPECT_EQ(found->info->dtype, dtype) << source->name;
        EXPECT_EQ(bytes_of(*found), rounded(*source, dtype)) << source->name;
      }
    }
  }
}

TEST(Conversion, rounds_what_loading_rounds_and_nothing_else) {
  for (const char* name : {"square", "odd"}) {
    for (const DType dtype : {DType::f16, DType::bf16}) {
      SCOPED_TRACE(std::string(name) + " in " + std::string(option_name(dtype)));
      const TempDir dir;
      write_all(kParity / name, dir / "out", dtype);
      const Checkpoint original(kParity / name), converted(dir / "out");
      EXPECT_EQ(converted.transformer().tensors().size(), original.transformer().tensors().size());
      expect_rounded(converted.transformer(), original.transformer(), transformer_layout(dtype));
      expect_rounded(converted.text_encoder(), original.text_encoder(), text_encoder_layout(dtype));
      // These stay as they are until they are used.
      const TensorSource* table = converted.text_encoder().find("embed_tokens.weight");
      EXPECT_EQ(bytes_of(*table), bytes_of(*original.text_encoder().find("embed_tokens.weight")));
      for (const TensorSource& source : original.vae().tensors()) {
        EXPECT_EQ(bytes_of(*converted.vae().find(source.name)), bytes_of(source)) << source.name;
      }
    }
  }
}

TEST(Conversion, a_damaged_file_is_no_converted_one) {
  const TempDir dir;
  write_all(kParity / "square", dir / "out", DType::bf16);
  const Checkpoint checkpoint(kParity / "square");
  for (const ConvertedFile& file : plan_conversion(checkpoint, DType::bf16)) {
    const fs::path path = dir / "out" / file.name;
    std::string content = test::content_of(path);
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
    std::ofstream(path, std::ios::binary) << content;
    EXPECT_FALSE(is_converted(file, dir / "out", kAlways)) << path;
    fs::resize_file(path, content.size() - 1);
    EXPECT_FALSE(is_converted(file, dir / "out", kAlways)) << path;
  }
}

TEST(Conversion, what_is_stopped_leaves_nothing) {
  const TempDir dir;
  fs::create_directories(dir / "transformer");
  const Checkpoint checkpoint(kParity / "square");
  const ConvertedFile file = plan_conversion(checkpoint, DType::bf16).front();
  EXPECT_FALSE(write_converted(file, dir.path(), [] { return false; }));
  EXPECT_TRUE(fs::is_empty(dir / "transformer"));
}

// One float of the small checkpoint's transformer set to this.
fs::path model_with(const TempDir& dir, float value, std::size_t element) {
  const fs::path model = test::write_checkpoint(dir);
  const fs::path path = model / "transformer/diffusion_pytorch_model.safetensors";
  std::uint64_t offset = 0;
  {
    const io::SafetensorsFile file(path);
    offset = file.find("layers.0.feed_forward.w2.weight")->offset;
  }
  std::string content = test::content_of(path);
  std::memcpy(&content[offset + element * sizeof value], &value, sizeof value);
  std::ofstream(path, std::ios::binary) << content;
  return model;
}

void expect_refused(float value, DType dtype, const std::string& words) {
  const TempDir dir;
  const Checkpoint checkpoint(model_with(dir, value, 5));
  fs::create_directories(dir / "transformer");
  const ConvertedFile file = plan_conversion(checkpoint, dtype).front();
  expect_error(ErrorKind::model, {"diffusion_pytorch_model.safetensors", "w2.weight", "element 5", words},
               [&] { write_converted(file, dir.path(), kAlways); });
  EXPECT_TRUE(fs::is_empty(dir / "transformer"));
}

TEST(Conversion, values_that_the_type_cannot_hold_are_refused) {
  expect_refused(65520, DType::f16, "too large for fp16");
  expect_refused(-1e6F, DType::f16, "too large for fp16");
  expect_refused(3.4e38F, DType::bf16, "too large for bf16");
  expect_refused(std::numeric_limits<float>::infinity(), DType::bf16, "is not finite");
  expect_refused(std::numeric_limits<float>::quiet_NaN(), DType::f16, "is not finite");
  const TempDir dir;
  const Checkpoint checkpoint(model_with(dir, 65519, 5));
  fs::create_directories(dir / "transformer");
  EXPECT_TRUE(write_converted(plan_conversion(checkpoint, DType::f16).front(), dir.path(), kAlways));
}

TEST(Conversion, the_index_says_the_new_size) {
  const TempDir dir;
  const fs::path index = dir.write("i.json", R"({"metadata":{"total_size":9},"weight_map":{"a":"1.safetensors"}})");
  EXPECT_EQ(with_total_size(index, 4), "{\"metadata\":{\"total_size\":4},\"weight_map\":{\"a\":\"1.safetensors\"}}\n");
}

TEST(Verification, finds_what_is_not_finite_and_sums_every_byte) {
  const TempDir dir;
  const fs::path model = model_with(dir, -std::numeric_limits<float>::infinity(), 7);
  const fs::path path = model / "transformer/diffusion_pytorch_model.safetensors";
  const io::SafetensorsFile file(path);
  const FileVerification found = verify_weights(file, kAlways);
  EXPECT_EQ(found.sha256, io::sha256(test::content_of(path)));
  EXPECT_EQ(checksum(path), found.sha256);
  ASSERT_EQ(found.not_finite.size(), 1U);
  EXPECT_EQ(found.not_finite[0].tensor, "layers.0.feed_forward.w2.weight");
  EXPECT_EQ(found.not_finite[0].count, 1U);
  EXPECT_EQ(found.not_finite[0].first, 7U);
  const io::SafetensorsFile sound(model / "vae/diffusion_pytorch_model.safetensors");
  EXPECT_TRUE(verify_weights(sound, kAlways).not_finite.empty());
}

}  // namespace
}  // namespace zimage
