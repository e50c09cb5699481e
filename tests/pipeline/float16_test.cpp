// Weights whose products overflow float16, as the published ones do: naive float16 is not finite there, ours is, and
// nearer to float32 than bfloat16.
#include "zimage/pipeline.h"

#include "io/safetensors.h"
#include "kernels/silu_mul.h"
#include "models/transformer/transformer.h"
#include "nn/linear.h"
#include "sampling/noise.h"
#include "support/fixture.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace zimage {
namespace {

constexpr float kFactor = 400;
constexpr std::int64_t kRows = 8;

// Multiplies the first rows of a float32 tensor in its file.
void scale_rows(const std::filesystem::path& path, const io::TensorInfo& info) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::vector<float> rows(static_cast<std::size_t>(kRows * info.shape.at(1)));
  const auto bytes = static_cast<std::streamsize>(rows.size() * sizeof(float));
  file.seekg(static_cast<std::streamoff>(info.offset)).read(reinterpret_cast<char*>(rows.data()), bytes);
  for (float& value : rows) value *= kFactor;
  file.seekp(static_cast<std::streamoff>(info.offset)).write(reinterpret_cast<const char*>(rows.data()), bytes);
}

// The float32 fixture with rows of w1 and w3 large enough that their product leaves float16's range.
class Float16Range : public testing::Test {
 protected:
  Float16Range() : case_(test::fixture_case("square_9_steps")) {
    std::filesystem::copy(case_.checkpoint_dir(), dir_ / "model", std::filesystem::copy_options::recursive);
    for (const auto& entry : std::filesystem::directory_iterator(dir_ / "model/transformer")) {
      if (entry.path().extension() != ".safetensors") continue;
      const io::SafetensorsFile file(entry.path());
      for (const io::TensorInfo& info : file.tensors()) {
        if (info.name.starts_with("layers.0.feed_forward.w1") || info.name.starts_with("layers.0.feed_forward.w3")) {
          scale_rows(entry.path(), info);
        }
      }
    }
  }

  at::Tensor latents(const char* dtype) const {
    Pipeline pipeline({.model_dir = dir_ / "model", .device = "cpu", .dtype = dtype});
    return to_tensor(pipeline.generate(case_.request).latents, at::kCPU);
  }

  test::TempDir dir_;
  test::FixtureCase case_;
};

TEST_F(Float16Range, the_naive_product_overflows) {
  const Checkpoint checkpoint(dir_ / "model");
  const WeightStore weights(checkpoint.transformer(), transformer_load_spec(at::kCPU, at::kHalf));
  const at::Tensor h = at::randn({32, checkpoint.transformer_config().dim}).to(at::kHalf);
  const at::Tensor gate_up = nn::linear(h, weights.get("layers.0.feed_forward.w13.weight"));
  EXPECT_TRUE(gate_up.isfinite().all().item<bool>());
  EXPECT_FALSE(kernels::silu_mul(gate_up, 1).isfinite().all().item<bool>());
}

TEST_F(Float16Range, float16_is_finite_and_nearer_to_float32_than_bfloat16) {
  const at::Tensor exact = latents("fp32");
  const double fp16 = test::relative_error(latents("fp16"), exact);
  const double bf16 = test::relative_error(latents("bf16"), exact);
  EXPECT_LE(fp16, bf16);
}

}  // namespace
}  // namespace zimage
