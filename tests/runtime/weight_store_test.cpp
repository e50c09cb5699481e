#include "runtime/weight_store.h"

#include "zimage/pipeline.h"

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

LoadSpec packed_spec(at::ScalarType dtype) {
  LoadSpec spec;
  spec.packings = {{{".to_q.weight", ".to_k.weight", ".to_v.weight"}, ".to_qkv.weight"}};
  spec.dtype = dtype;
  return spec;
}

TEST(WeightStore, packs_in_the_order_asked_and_converts) {
  const test::TempDir dir;
  write_attention(dir);
  const WeightStore store(ComponentFiles(dir.path(), "model"), packed_spec(at::kHalf));
  const at::Tensor expected = at::tensor({1.f, 2.f, 3.f, 4.f, 5.f, 6.f, 7.f, 8.f}).view({4, 2});
  EXPECT_EQ(store.get("a.to_qkv.weight").scalar_type(), at::kHalf);
  EXPECT_TRUE(at::equal(store.get("a.to_qkv.weight").to(at::kFloat), expected));
}

TEST(WeightStore, norms_stay_float32) {
  const test::TempDir dir;
  write_attention(dir);
  const WeightStore store(ComponentFiles(dir.path(), "model"), packed_spec(at::kBFloat16));
  EXPECT_TRUE(at::equal(ParamView(store).sub("a")["norm.weight"], at::tensor({9.f, 9.1f})));
}

TEST(WeightStore, a_name_never_loaded_is_a_model_error) {
  const test::TempDir dir;
  write_attention(dir);
  LoadSpec spec = packed_spec(at::kFloat);
  spec.wanted = [](std::string_view name) { return name != "a.norm.weight"; };
  const WeightStore store(ComponentFiles(dir.path(), "model"), spec);
  EXPECT_THROW(store.get("a.norm.weight"), Error);
}

TEST(WeightStore, progress_false_stops_the_load) {
  const test::TempDir dir;
  write_attention(dir);
  const auto load = [&] {
    return WeightStore(ComponentFiles(dir.path(), "model"), packed_spec(at::kFloat),
                       [](std::uint64_t) { return false; });
  };
  EXPECT_THROW(load(), Cancelled);
}

TEST(WeightStore, R14_a_file_that_shrinks_meanwhile_is_an_io_error) {
  const test::TempDir dir;
  write_attention(dir);
  const ComponentFiles files(dir.path(), "model");
  std::filesystem::resize_file(dir / "model.safetensors", std::filesystem::file_size(dir / "model.safetensors") - 8);
  try {
    const WeightStore store(files, packed_spec(at::kFloat));
    FAIL() << "a truncated file was loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
  }
}

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
  spec.dtype = at::kHalf;
  const WeightStore store(files, spec);
  const std::int64_t peak_mib = (status_kib("VmHWM") - before) / 1024;
  EXPECT_GE(peak_mib, 250);  // the weights themselves: the reading works
  EXPECT_LE(peak_mib, 256 + 2 * 64 + 32);
}

}  // namespace
}  // namespace zimage
