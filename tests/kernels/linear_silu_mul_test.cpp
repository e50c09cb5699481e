// The gated product against float64: on every device and type, and by the one kernel where the GPU has it, over sizes
// that no tile divides.
#include "kernels/linear_silu_mul.h"

#include "kernels/reference.h"
#include "support/devices.h"
#include "support/fixture.h"

#include <gtest/gtest.h>

namespace zimage::kernels {
namespace {

using test::relative_error;

struct Setting {
  std::string device;
  at::ScalarType dtype;
};

struct Sizes {
  std::int64_t rows, depth, columns;
};

struct Operands {
  at::Tensor x, gate_up;
};

Operands random(const Setting& setting, const Sizes& sizes) {
  const auto options = at::device(at::Device(setting.device)).dtype(setting.dtype);
  const double deviation = 1.5 / std::sqrt(static_cast<double>(sizes.depth));
  return {at::randn({sizes.rows, sizes.depth}, options),
          at::randn({2 * sizes.columns, sizes.depth}, options).mul_(deviation)};
}

// On the operands' device, in float64 throughout.
at::Tensor expected(const Operands& of, double scale) {
  return reference::silu_mul(at::linear(of.x.to(at::kDouble), of.gate_up.to(at::kDouble)), scale);
}

class LinearSiluMul : public testing::TestWithParam<Setting> {
 protected:
  void SetUp() override { ZIMAGE_SKIP_WITHOUT(GetParam().device); }
};

TEST_P(LinearSiluMul, is_the_reference) {
  const double tolerance = GetParam().dtype == at::kFloat ? 1e-5 : GetParam().dtype == at::kHalf ? 1e-3 : 8e-3;
  for (const Sizes& sizes : {Sizes{1, 8, 8}, Sizes{7, 20, 33}, Sizes{130, 96, 200}}) {
    const Operands of = random(GetParam(), sizes);
    const at::Tensor y = linear_silu_mul(of.x, of.gate_up, 0.5);
    EXPECT_EQ(y.scalar_type(), GetParam().dtype);
    EXPECT_LE(relative_error(y, expected(of, 0.5)), tolerance) << sizes.rows;
  }
}

TEST_P(LinearSiluMul, in_one_kernel_rounds_once) {
  const Operands least = random(GetParam(), {1, 8, 8});
  if (!fused_linear_silu_mul(least.x, least.gate_up, 1).defined()) GTEST_SKIP() << "no such kernel here";
  const double half_unit = GetParam().dtype == at::kHalf ? 4.9e-4 : 3.9e-3;
  // From one tile to several rounds over all multiprocessors; odd numbers of tiles either way; several groups of rows.
  for (const Sizes& sizes :
       {Sizes{1, 8, 8}, Sizes{33, 72, 24}, Sizes{128, 64, 128}, Sizes{129, 200, 136}, Sizes{257, 1000, 520},
        Sizes{640, 3840, 1152}, Sizes{1056, 256, 2048}, Sizes{4128, 136, 4104}, Sizes{4224, 512, 10240}}) {
    const Operands of = random(GetParam(), sizes);
    const at::Tensor y = fused_linear_silu_mul(of.x, of.gate_up, 0.5);
    ASSERT_TRUE(y.defined()) << sizes.rows;
    // Of many values half of the largest possible error: more than one rounding makes, and less than two.
    EXPECT_LE(relative_error(y, expected(of, 0.5)), sizes.rows < 100 ? 1.01 * half_unit : 0.5 * half_unit)
        << sizes.rows;
    EXPECT_TRUE(at::equal(y, fused_linear_silu_mul(of.x, of.gate_up, 0.5))) << sizes.rows;
  }
}

TEST_P(LinearSiluMul, leaves_other_sizes_and_types) {
  for (const Sizes& sizes : {Sizes{3, 8, 12}, Sizes{3, 12, 8}}) {  // rows that begin between multiples of 16 bytes
    const Operands of = random(GetParam(), sizes);
    EXPECT_FALSE(fused_linear_silu_mul(of.x, of.gate_up, 1).defined()) << sizes.depth;
  }
  const Operands of = random(GetParam(), {3, 8, 8});
  if (GetParam().dtype == at::kFloat || GetParam().device == "cpu") {
    EXPECT_FALSE(fused_linear_silu_mul(of.x, of.gate_up, 1).defined());
  }
}

TEST_P(LinearSiluMul, scales_before_it_rounds) {
  const auto options = at::device(at::Device(GetParam().device)).dtype(GetParam().dtype);
  const at::Tensor x = at::ones({1, 8}, options), gate_up = at::full({16, 8}, 125, options);  // products of 1000
  for (const at::Tensor& y : {linear_silu_mul(x, gate_up, 1.0 / 128), fused_linear_silu_mul(x, gate_up, 1.0 / 128)}) {
    if (!y.defined()) continue;                                         // no such kernel here
    EXPECT_NEAR(y.to(at::kFloat).min().item<float>(), 1e6f / 128, 40);  // 1e6 is beyond float16
    EXPECT_NEAR(y.to(at::kFloat).max().item<float>(), 1e6f / 128, 40);
  }
}

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const char* device : {"cpu", "cuda"}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16}) all.push_back({device, dtype});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, LinearSiluMul, testing::ValuesIn(settings()),
                         [](const auto& info) { return info.param.device + "_" + c10::toString(info.param.dtype); });

}  // namespace
}  // namespace zimage::kernels
