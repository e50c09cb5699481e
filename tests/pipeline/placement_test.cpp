#include "pipeline/placement.h"

#include "support/expect_error.h"
#include "support/fixture.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

constexpr std::uint64_t kGiB = 1 << 30;

// Stored as bfloat16; a few MB, so that the margin of 1 GiB is nearly all it needs.
Checkpoint bf16_checkpoint() { return Checkpoint(test::fixture_case("odd_tall").checkpoint_dir()); }

TEST(CpuDtype, auto_is_float32_where_it_fits) {
  EXPECT_EQ(choose_cpu_dtype("auto", bf16_checkpoint(), 2 * kGiB), DType::f32);
}

TEST(CpuDtype, R22_auto_falls_back_to_the_stored_type) {
  const Checkpoint checkpoint = bf16_checkpoint();
  const std::uint64_t transformer = checkpoint.transformer().parameters() * dtype_bytes(DType::bf16);
  EXPECT_EQ(choose_cpu_dtype("auto", checkpoint, kGiB + 2 * transformer), DType::bf16);
}

TEST(CpuDtype, what_does_not_fit_is_refused) {
  const Checkpoint checkpoint = bf16_checkpoint();
  for (const char* option : {"auto", "fp16", "bf16", "fp32"}) {
    test::expect_error(ErrorKind::memory, {"MiB"}, [&] { choose_cpu_dtype(option, checkpoint, kGiB); });
  }
}

TEST(CudaDtype, auto_is_float16_on_every_generation) {
  for (const int capability : {75, 80, 86, 89, 90, 100, 120}) {
    EXPECT_EQ(choose_cuda_dtype("auto", capability), DType::f16);
    EXPECT_EQ(choose_cuda_dtype("fp32", capability), DType::f32);
  }
}

TEST(CudaDtype, bfloat16_is_refused_on_Turing) {
  EXPECT_EQ(choose_cuda_dtype("bf16", 80), DType::bf16);
  test::expect_error(ErrorKind::usage, {"--dtype bf16", "8.0", "fp16"}, [] { choose_cuda_dtype("bf16", 75); });
}

TEST(CudaDtype, the_vae_takes_bfloat16_where_the_GPU_has_it) {
  EXPECT_EQ(choose_vae_dtype(DType::f16, 75), DType::f32);  // float16 overflows in it
  for (const DType dtype : {DType::f16, DType::bf16}) EXPECT_EQ(choose_vae_dtype(dtype, 80), DType::bf16);
  EXPECT_EQ(choose_vae_dtype(DType::f32, 90), DType::f32);
  EXPECT_EQ(choose_vae_dtype(DType::f16, 0), DType::f32);
}

TEST(Placement, the_vae_is_float32_on_the_cpu) {
  const Placement placement = place("cpu", "fp16", bf16_checkpoint());
  EXPECT_EQ(placement.dtype, DType::f16);
  EXPECT_EQ(placement.vae_dtype, DType::f32);
}

}  // namespace
}  // namespace zimage
