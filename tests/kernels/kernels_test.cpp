// Every kernel against its plain-ATen reference in float64, on each device and type, over sizes that are no multiple of
// anything.
#include "kernels/layer_norm.h"
#include "kernels/reference.h"
#include "kernels/rms_norm.h"
#include "kernels/silu_mul.h"
#include "support/devices.h"
#include "support/fixture.h"
#include "support/setting.h"

#include <gtest/gtest.h>

namespace zimage::kernels {
namespace {

using test::relative_error;
using test::tolerance;

class Kernels : public testing::TestWithParam<test::Setting> {
 protected:
  void SetUp() override { ZIMAGE_SKIP_WITHOUT(GetParam().device); }
  at::Tensor random(at::IntArrayRef shape) const {
    return at::randn(shape).to(at::Device(GetParam().device), GetParam().dtype);
  }
  at::Tensor random32(at::IntArrayRef shape) const { return at::randn(shape).to(at::Device(GetParam().device)); }
};

at::Tensor f64(const at::Tensor& x) { return x.to(at::kCPU, at::kDouble); }

// 4099 and 8200 are longer than the rows that the kernels hold in registers.
const std::vector<std::int64_t> kRows = {1, 3, 64, 127, 1028, 3840, 4099, 8192, 8200};

TEST_P(Kernels, rms_norm) {
  for (const std::int64_t columns : kRows) {
    const at::Tensor x = random({7, columns}), weight = random32({columns});
    const at::Tensor expected = reference::rms_norm(f64(x), {f64(weight), 1e-5}, at::kDouble);
    for (const at::ScalarType out : {at::kFloat, GetParam().dtype}) {
      EXPECT_LE(relative_error(rms_norm(x, {weight, 1e-5}, out), expected), tolerance(out)) << columns;
    }
  }
}

TEST_P(Kernels, add_norm) {
  for (const std::int64_t columns : kRows) {
    const at::Tensor x = random32({9, columns}), branch = random({9, columns});
    const RmsNorm out{random32({columns}), 1e-5}, next{random32({columns}), 1e-3};
    const at::Tensor expected = f64(x);
    const at::Tensor expected_next =
        reference::add_norm_(expected, f64(branch), {f64(out.weight), out.eps}, {f64(next.weight), next.eps});
    const at::Tensor alone = x.clone();
    EXPECT_FALSE(add_norm_(alone, branch, out, {}).defined());
    EXPECT_LE(relative_error(alone, expected), 2e-6) << columns;
    const at::Tensor h = add_norm_(x, branch, out, next);
    EXPECT_LE(relative_error(x, expected), 2e-6) << columns;
    EXPECT_EQ(h.scalar_type(), GetParam().dtype);
    EXPECT_LE(relative_error(h, expected_next), tolerance(GetParam().dtype)) << columns;
  }
}

TEST_P(Kernels, add_scaled) {
  for (const std::int64_t columns : kRows) {
    const at::Tensor x = random32({9, columns}), branch = random({9, columns});
    const RmsNorm next{random32({columns}), 1e-6};
    const at::Tensor expected = f64(x);
    const at::Tensor expected_next = reference::add_scaled_(expected, f64(branch), 16, {f64(next.weight), next.eps});
    const at::Tensor alone = x.clone();
    EXPECT_FALSE(add_scaled_(alone, branch, 16, {}).defined());
    EXPECT_LE(relative_error(alone, expected), 2e-6) << columns;
    const at::Tensor h = add_scaled_(x, branch, 16, next);
    EXPECT_LE(relative_error(x, expected), 2e-6) << columns;
    EXPECT_LE(relative_error(h, expected_next), tolerance(GetParam().dtype)) << columns;
  }
}

TEST_P(Kernels, layer_norm) {
  for (const std::int64_t columns : kRows) {
    if (columns == 1) continue;  // all of a row of one is its mean
    const at::Tensor x = at::layer_norm(random32({5, columns}), {columns}) * 3 + 100, scale = random32({columns});
    const at::Tensor expected = reference::layer_norm(f64(x), f64(scale), 1e-6, at::kDouble);
    EXPECT_LE(relative_error(layer_norm(x, scale, 1e-6, GetParam().dtype), expected),
              std::max(tolerance(GetParam().dtype), 2e-5))  // the mean is 33 deviations: float32 rounds it away
        << columns;
  }
}

TEST_P(Kernels, silu_mul) {
  for (const std::int64_t columns : {1, 3, 8, 1000, 10240}) {
    const at::Tensor gate_up = random({11, 2 * columns});
    const at::Tensor expected = reference::silu_mul(f64(gate_up), 1.0 / 128);
    EXPECT_LE(relative_error(silu_mul(gate_up, 1.0 / 128), expected), tolerance(GetParam().dtype)) << columns;
  }
}

TEST_P(Kernels, silu_mul_scales_before_it_rounds) {
  const at::Tensor gate_up = at::full({1, 2}, 1000.0).to(at::Device(GetParam().device), GetParam().dtype);
  EXPECT_NEAR(silu_mul(gate_up, 1.0 / 128).to(at::kFloat).item<float>(), 1e6f / 128, 40);  // 1e6 is beyond float16
}

TEST_P(Kernels, norm_rope) {
  for (const std::int64_t head_dim : {2, 16, 24, 30, 64, 128, 200, 256, 512}) {
    const at::Tensor qkv = random({5, 9, head_dim});
    const HeadNorms norms{4, 3, random32({head_dim}), random32({head_dim}), 1e-5};  // and two heads of values
    const at::Tensor angle = random32({5, head_dim / 2});
    const RopeTable table{at::cos(angle), at::sin(angle)};
    for (const RopePairs pairs : {RopePairs::adjacent, RopePairs::halves}) {
      const at::Tensor expected = f64(qkv), turned = qkv.clone();
      reference::norm_rope_(expected, {4, 3, f64(norms.query_weight), f64(norms.key_weight), norms.eps},
                            {f64(table.cos), f64(table.sin)}, pairs);
      norm_rope_(turned, norms, table, pairs);
      EXPECT_LE(relative_error(turned, expected), tolerance(GetParam().dtype)) << head_dim;
      EXPECT_TRUE(at::equal(turned.narrow(1, 7, 2), qkv.narrow(1, 7, 2))) << head_dim;
    }
  }
}

TEST(NormRope, pairs_turn_by_their_angle) {
  // a quarter turn of (1, 0) is (0, 1); the norm of a unit-mean-square head is itself
  const at::Tensor x = at::tensor({1.f, -1.f, 1.f, 1.f}).view({1, 1, 4});
  const HeadNorms norms{1, 0, at::ones({4}), at::ones({4}), 0};
  const RopeTable quarter{at::zeros({1, 2}), at::ones({1, 2})};
  const at::Tensor adjacent = x.clone(), halves = x.clone();
  norm_rope_(adjacent, norms, quarter, RopePairs::adjacent);
  EXPECT_TRUE(at::allclose(adjacent.flatten(), at::tensor({1.f, 1.f, -1.f, 1.f})));
  norm_rope_(halves, norms, quarter, RopePairs::halves);
  EXPECT_TRUE(at::allclose(halves.flatten(), at::tensor({-1.f, -1.f, 1.f, -1.f})));
}

INSTANTIATE_TEST_SUITE_P(All, Kernels, testing::ValuesIn(test::settings()),
                         [](const auto& info) { return test::name_of(info.param); });

}  // namespace
}  // namespace zimage::kernels
