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

TEST(CpuDtype, auto_falls_back_to_the_stored_type) {
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

TEST(Placement, the_vae_is_float32_on_the_cpu) {
  const Placement placement = place("cpu", "fp16", bf16_checkpoint());
  EXPECT_EQ(placement.dtype, DType::f16);
  EXPECT_EQ(placement.vae_dtype, DType::f32);
}

}  // namespace
}  // namespace zimage
