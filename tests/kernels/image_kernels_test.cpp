// The kernels on images against plain ATen in float64, on each device, type and layout, over sizes that are no multiple
// of anything.
#include "kernels/group_norm.h"
#include "kernels/image.h"
#include "kernels/reference.h"
#include "kernels/softmax.h"
#include "kernels/upsample.h"
#include "support/devices.h"
#include "support/fixture.h"
#include "support/setting.h"

#include <gtest/gtest.h>

#include <limits>

namespace zimage::kernels {
namespace {

using test::relative_error;

// Means and variances of many values: a little more than the rounding of one.
double tolerance(at::ScalarType dtype) { return test::tolerance(dtype, 3e-6); }

struct Shape {
  std::int64_t channels, groups, height, width;
};

// Packs of 8 in one group, across two groups, in none; more channels than one block takes; one pixel; rows for one
// chunk and for many.
const std::vector<Shape> kShapes = {{6, 3, 5, 7},     {12, 3, 9, 4},     {18, 3, 31, 2}, {24, 8, 17, 3},
                                    {32, 8, 1, 1},    {40, 5, 3, 3},     {96, 8, 6, 11}, {128, 32, 33, 65},
                                    {512, 32, 9, 7},  {256, 32, 19, 20}, {1, 1, 8, 8},   {300, 2, 4, 3},
                                    {2560, 10, 3, 2}, {64, 32, 200, 151}};

at::Tensor f64(const at::Tensor& x) { return x.to(at::kCPU, at::kDouble); }
at::Tensor per_channel(const at::Tensor& v) { return v.view({1, -1, 1, 1}); }

class ImageKernels : public testing::TestWithParam<test::Setting> {
 protected:
  void SetUp() override { ZIMAGE_SKIP_WITHOUT(GetParam().device); }
  at::Tensor image(const Shape& s) const {
    return at::randn({1, s.channels, s.height, s.width})
        .to(at::Device(GetParam().device), GetParam().dtype)
        .contiguous(at::MemoryFormat::ChannelsLast);
  }
  at::Tensor vector(std::int64_t size) const { return at::randn({size}).to(at::Device(GetParam().device)); }
};

TEST_P(ImageKernels, group_norm_with_and_without_silu) {
  for (const Shape& s : kShapes) {
    const at::Tensor x = image(s), weight = vector(s.channels), bias = vector(s.channels), added = vector(s.channels);
    const at::Tensor moments = group_moments(x, added, {s.groups, 1e-6});
    const GroupNorm norm{moments, weight, bias, added};
    const at::Tensor expected =
        at::group_norm(f64(x) + per_channel(f64(added)), s.groups, f64(weight), f64(bias), 1e-6);
    EXPECT_LE(relative_error(normalise(x, norm), expected), tolerance(GetParam().dtype)) << s.channels;
    const at::Tensor y = normalise_silu(x, norm);
    EXPECT_LE(relative_error(y, at::silu(expected)), tolerance(GetParam().dtype)) << s.channels;
    normalise_silu_(x, norm);
    EXPECT_TRUE(at::equal(x, y)) << s.channels;
  }
}

TEST_P(ImageKernels, sums_are_rounded_once_and_their_moments_are_of_the_rounded_values) {
  for (const Shape& s : kShapes) {
    const at::Tensor x = image(s), branch = image(s), bias = vector(s.channels);
    const at::Tensor expected = f64(x) + f64(branch) + per_channel(f64(bias));
    const at::Tensor moments = add_group_moments_(x, branch, bias, {s.groups, 1e-6});
    EXPECT_LE(relative_error(x, expected), tolerance(GetParam().dtype) / 2) << s.channels;
    const at::Tensor exact = reference::group_moments(f64(x), {}, {s.groups, 1e-6});
    EXPECT_LE((f64(moments.select(1, 0)) - exact.select(1, 0)).abs().max().item<double>(), 1e-6) << s.channels;
    EXPECT_LE(relative_error(moments.select(1, 1), exact.select(1, 1)), 3e-6) << s.channels;
  }
}

TEST_P(ImageKernels, a_sum_without_a_branch_adds_the_bias) {
  const at::Tensor x = image({24, 8, 5, 3}), bias = vector(24), expected = f64(x) + per_channel(f64(bias));
  add_group_moments_(x, {}, bias, {8, 1e-6});
  EXPECT_LE(relative_error(x, expected), tolerance(GetParam().dtype) / 2);
}

TEST_P(ImageKernels, a_small_variance_beside_a_large_mean_survives) {
  // 4096 ± 1/2 in float32, where the mean of squares minus the square of the mean has no digit left; in 16 bit the same
  // arithmetic with the offset as the bias.
  const at::Tensor noise = image({64, 4, 61, 67}) * 0.5;
  const bool wide = GetParam().dtype == at::kFloat;
  const at::Tensor x = wide ? noise + 4096 : noise, offset = at::full({64}, wide ? 0.0 : 4096.0).to(x.device());
  const at::Tensor moments = group_moments(x, offset, {4, 1e-6});
  const at::Tensor exact = reference::group_moments(f64(x), f64(offset), {4, 1e-6});
  EXPECT_LE(relative_error(moments.select(1, 0), exact.select(1, 0)), 2e-7);
  EXPECT_LE(relative_error(moments.select(1, 1), exact.select(1, 1)), 1e-3);
}

TEST_P(ImageKernels, the_same_bits_every_time) {
  const at::Tensor x = image({128, 32, 120, 131});
  const at::Tensor first = group_moments(x, {}, {32, 1e-6});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(at::equal(group_moments(x, {}, {32, 1e-6}), first));
}

TEST_P(ImageKernels, add_upsample) {
  for (const Shape& s : kShapes) {
    const at::Tensor x = image(s), branch = image(s), bias = vector(s.channels);
    const at::Tensor sum = f64(x) + f64(branch) + per_channel(f64(bias));
    const at::Tensor y = add_upsample(x, branch, bias);
    const at::Tensor expected = at::upsample_nearest2d(sum, {2 * s.height, 2 * s.width});
    EXPECT_LE(relative_error(y, expected), tolerance(GetParam().dtype) / 2) << s.channels;
  }
}

TEST_P(ImageKernels, softmax) {
  for (const std::int64_t columns : {1, 3, 64, 1000, 5001, 16384, 20000}) {
    const at::Tensor scores = at::randn({5, columns}).to(at::Device(GetParam().device)) * 30;
    const at::Tensor expected = at::softmax(f64(scores) * 0.25, -1);
    EXPECT_LE(relative_error(kernels::softmax(scores, 0.25, GetParam().dtype), expected),
              tolerance(GetParam().dtype) / 2)
        << columns;
  }
}

// The rounding of every operation is given, so device and reference agree to the bit.
TEST_P(ImageKernels, to_rgb8) {
  for (const Shape& s : {Shape{3, 1, 1, 1}, Shape{3, 1, 37, 29}, Shape{3, 1, 256, 64}}) {
    const at::Tensor x = image(s), bias = vector(3) * 0.1;
    const Rgb8 ours = to_rgb8(x, bias), plain = reference::to_rgb8(x.cpu(), bias.cpu());
    EXPECT_TRUE(ours.finite);
    EXPECT_TRUE(ours.bytes.device().is_cpu());
    EXPECT_TRUE(at::equal(ours.bytes, plain.bytes));
  }
}

TEST_P(ImageKernels, to_rgb8_rounds_half_to_even_and_clamps) {
  // -1 .. 1 in steps that make 255 * pixel end in one half: 127.5 at 0
  const at::Tensor values = at::tensor({-2.f, -1.f, 0.f, 1.f, 2.f, 0.5f}).view({1, 3, 1, 2});
  const at::Tensor x =
      values.to(at::Device(GetParam().device), GetParam().dtype).contiguous(at::MemoryFormat::ChannelsLast);
  const Rgb8 image = to_rgb8(x, at::zeros({3}).to(x.device()));
  const at::Tensor expected = at::tensor({0, 128, 255, 0, 255, 191}, at::kByte).view({1, 2, 3});
  EXPECT_TRUE(at::equal(image.bytes, expected)) << image.bytes;
}

TEST_P(ImageKernels, to_rgb8_sees_what_is_not_finite) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  const at::Tensor zero = at::zeros({3}).to(at::Device(GetParam().device));
  for (const float bad : {kNaN, kInfinity, -kInfinity}) {
    const at::Tensor x = image({3, 1, 19, 23});
    EXPECT_TRUE(to_rgb8(x, zero).finite);
    x.select(1, 1).select(1, 18).select(1, 22).fill_(bad);
    EXPECT_FALSE(to_rgb8(x, zero).finite) << bad;
    EXPECT_FALSE(to_rgb8(image({3, 1, 19, 23}), zero + bad).finite) << bad;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ImageKernels, testing::ValuesIn(test::settings()),
                         [](const auto& info) { return test::name_of(info.param); });

}  // namespace
}  // namespace zimage::kernels
