#include "runtime/weight_store.h"

#include "zimage/pipeline.h"

#include "runtime/scalar_type.h"
#include "support/devices.h"
#include "support/expect_error.h"
#include "support/fixture.h"
#include "support/safetensors_builder.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <fstream>

namespace zimage {
namespace {

std::string float_bytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

// q, k, v of one row each, and a norm's weight.
void write_attention(const test::TempDir& dir) {
  const std::string header = "{" + test::header_entry("a.norm.weight", "F32", "[2]", "0", "8") + "," +
                             test::header_entry("a.to_k.weight", "F32", "[1,2]", "8", "16") + "," +
                             test::header_entry("a.to_q.weight", "F32", "[1,2]", "16", "24") + "," +
                             test::header_entry("a.to_v.weight", "F32", "[2,2]", "24", "40") + "}";
  dir.write("model.safetensors", test::safetensors_of(header, float_bytes({9, 9.1f, 3, 4, 1, 2, 5, 6, 7, 8})));
}

LoadSpec packed_spec(DType dtype) {
  LoadSpec spec;
  spec.layout.packings = {{{".to_q.weight", ".to_k.weight", ".to_v.weight"}, ".to_qkv.weight"}};
  spec.layout.dtype = dtype;
  return spec;
}

TEST(WeightStore, packs_in_the_order_asked_and_converts) {
  const test::TempDir dir;
  write_attention(dir);
  const WeightStore store(ComponentFiles(dir.path(), "model"), packed_spec(DType::f16));
  const at::Tensor expected = at::tensor({1.f, 2.f, 3.f, 4.f, 5.f, 6.f, 7.f, 8.f}).view({4, 2});
  EXPECT_EQ(store.get("a.to_qkv.weight").scalar_type(), at::kHalf);
  EXPECT_TRUE(at::equal(store.get("a.to_qkv.weight").to(at::kFloat), expected));
}

TEST(WeightStore, norms_stay_float32) {
  const test::TempDir dir;
  write_attention(dir);
  const WeightStore store(ComponentFiles(dir.path(), "model"), packed_spec(DType::bf16));
  EXPECT_TRUE(at::equal(ParamView(store).sub("a")["norm.weight"], at::tensor({9.f, 9.1f})));
}

TEST(WeightStore, convolutions_take_the_order_asked_and_keep_their_values) {
  const test::TempDir dir;
  const std::string header = "{" + test::header_entry("conv.bias", "F32", "[2]", "0", "8") + "," +
                             test::header_entry("conv.weight", "F32", "[2,3,2,1]", "8", "56") + "}";
  dir.write("model.safetensors",
            test::safetensors_of(header, float_bytes({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})));
  LoadSpec spec;
  spec.layout.dtype = DType::bf16;
  spec.layout.bias_dtype = DType::f32;
  spec.layout.image_order = ImageOrder::channels_last;
  const WeightStore store(ComponentFiles(dir.path(), "model"), spec);
  EXPECT_EQ(store.get("conv.bias").scalar_type(), at::kFloat);
  const at::Tensor& weight = store.get("conv.weight");
  EXPECT_EQ(weight.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(weight.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(at::equal(weight.to(at::kFloat).contiguous(), at::arange(2, 14, at::kFloat).view({2, 3, 2, 1})));
}

TEST(WeightStore, a_name_never_loaded_is_a_model_error) {
  const test::TempDir dir;
  write_attention(dir);
  LoadSpec spec = packed_spec(DType::f32);
  spec.layout.wanted = [](std::string_view name) { return name != "a.norm.weight"; };
  const WeightStore store(ComponentFiles(dir.path(), "model"), spec);
  EXPECT_THROW(store.get("a.norm.weight"), Error);
}

TEST(WeightStore, progress_false_stops_the_load) {
  const test::TempDir dir;
  write_attention(dir);
  WeightReader reader(at::kCPU);
  reader.report_to([](std::uint64_t) { return false; });
  EXPECT_THROW(WeightStore(ComponentFiles(dir.path(), "model"), packed_spec(DType::f32), &reader), Cancelled);
}

TEST(WeightStore, R14_a_file_that_shrinks_meanwhile_is_an_io_error) {
  const test::TempDir dir;
  write_attention(dir);
  const ComponentFiles files(dir.path(), "model");
  std::filesystem::resize_file(dir / "model.safetensors", std::filesystem::file_size(dir / "model.safetensors") - 8);
  try {
    const WeightStore store(files, packed_spec(DType::f32));
    FAIL() << "a truncated file was loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
  }
}

// More pieces than there are buffers, the last of them short, behind a tensor of 12 bytes.
void write_large(const test::TempDir& dir, std::int64_t rows, std::int64_t columns) {
  const std::int64_t bytes = rows * columns * 4;
  const std::string header =
      "{" + test::header_entry("a.bias", "F32", "[3]", "0", "12") + "," +
      test::header_entry("b.weight", "F32", "[" + std::to_string(rows) + "," + std::to_string(columns) + "]", "12",
                         std::to_string(12 + bytes)) +
      "}";
  const at::Tensor values = at::arange(rows * columns, at::kFloat).remainder_(10'007).mul_(0.37);
  std::string data = float_bytes({1, 2, 3});
  data.append(static_cast<const char*>(values.const_data_ptr()), static_cast<std::size_t>(bytes));
  dir.write("model.safetensors", test::safetensors_of(header, data));
}

constexpr std::int64_t kRows = 4111, kColumns = 8191;

class WeightStoreOn : public testing::TestWithParam<std::string> {};

TEST_P(WeightStoreOn, every_value_arrives_in_its_place) {
  ZIMAGE_SKIP_WITHOUT(GetParam());
  const test::TempDir dir;
  write_large(dir, kRows, kColumns);
  const ComponentFiles files(dir.path(), "model");
  const at::Tensor expected = at::arange(kRows * kColumns, at::kFloat).remainder_(10'007).mul_(0.37).view({kRows, -1});
  for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16}) {
    LoadSpec spec;
    spec.device = at::Device(GetParam());
    spec.layout.dtype = dtype_of(dtype);
    WeightReader reader(spec.device);
    std::uint64_t last = 0;
    reader.report_to([&](std::uint64_t bytes) { return last = bytes, true; });
    const WeightStore first(files, spec, &reader), second(files, spec, &reader);
    EXPECT_EQ(last, 2 * files.bytes());
    for (const WeightStore* store : {&first, &second}) {
      EXPECT_TRUE(at::equal(store->get("b.weight").cpu(), expected.to(dtype))) << dtype;
      EXPECT_TRUE(at::equal(store->get("a.bias").cpu(), at::tensor({1.f, 2.f, 3.f}).to(dtype))) << dtype;
    }
  }
}

TEST_P(WeightStoreOn, R14_a_file_that_shrinks_is_an_io_error_whichever_thread_meets_it) {
  ZIMAGE_SKIP_WITHOUT(GetParam());
  const test::TempDir dir;
  write_large(dir, kRows, kColumns);
  const ComponentFiles files(dir.path(), "model");
  std::filesystem::resize_file(dir / "model.safetensors", 40 << 20);
  LoadSpec spec;
  spec.device = at::Device(GetParam());
  spec.layout.dtype = DType::f16;
  try {
    const WeightStore store(files, spec);
    FAIL() << "a truncated file was loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, WeightStoreOn, testing::Values("cpu", "cuda"),
                         [](const auto& info) { return info.param; });

std::int64_t status_kib(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kib = 0;
    if (word == field + ":" && status >> kib) return kib;
  }
  return -1;
}

TEST(WeightStore, float32_files_load_as_float16_without_a_second_copy) {
  constexpr std::int64_t kElements = 128 << 20;  // 512 MiB on disk (sparse), 256 MiB in memory
  const test::TempDir dir;
  const std::string bytes = std::to_string(kElements * 4);
  dir.write("model.safetensors",
            test::safetensors_of(
                "{" + test::header_entry("w", "F32", "[1," + std::to_string(kElements) + "]", "0", bytes) + "}"));
  std::filesystem::resize_file(dir / "model.safetensors",
                               std::filesystem::file_size(dir / "model.safetensors") + kElements * 4);
  const ComponentFiles files(dir.path(), "model");
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak counts from here
  const std::int64_t before = status_kib("VmRSS");
  LoadSpec spec;
  spec.layout.dtype = DType::f16;
  const WeightStore store(files, spec);
  const std::int64_t peak_mib = (status_kib("VmHWM") - before) / 1024;
  EXPECT_GE(peak_mib, 250);  // the weights themselves: the reading works
  EXPECT_LE(peak_mib, 256 + 2 * 64 + 32);
}

}  // namespace
}  // namespace zimage
