#include "sampling/flow_match_euler.h"
#include "sampling/guidance.h"
#include "sampling/noise.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

TEST(FlowMatchSigmas, eight_evaluations_with_turbo_shift) {
  const std::vector<float> expected{1.f, .9545454f, .9f, .8333333f, .75f, .6428571f, .5f, .3f, 0.f};
  const std::vector<float> sigmas = flow_match_sigmas(8, 3.0);
  ASSERT_EQ(sigmas.size(), expected.size());
  for (std::size_t i = 0; i < sigmas.size(); ++i) EXPECT_NEAR(sigmas[i], expected[i], 1e-6) << i;
}

TEST(FlowMatchSigmas, one_evaluation_goes_from_noise_to_image) {
  EXPECT_EQ(flow_match_sigmas(1, 3.0), (std::vector<float>{1.f, 0.f}));
}

TEST(EulerStep, follows_the_velocity) {
  const at::Tensor latents = at::full({2}, 3.0), output = at::full({2}, -4.0);  // a velocity of 4
  euler_step_(latents, output, 1.0f, 0.5f);
  EXPECT_TRUE(at::equal(latents, at::full({2}, 1.0)));
}

TEST(EstimatedImage, is_where_the_velocity_leads) {
  const at::Tensor image = at::tensor({1.f, -2.f}), noise = at::tensor({3.f, 5.f});
  const auto at_sigma = [&](float sigma) { return image + (noise - image) * sigma; };
  EXPECT_TRUE(at::allclose(estimated_image(at_sigma(0.9f), at_sigma(0.75f), 0.9f, 0.75f), image, 1e-5, 1e-5));
  // A step that turns: x - sigma * v, with v of this step alone.
  const at::Tensor latents = at::tensor({3.f}), output = at::tensor({-4.f});
  const at::Tensor before = latents.clone();
  euler_step_(latents, output, 0.5f, 0.25f);
  EXPECT_TRUE(at::allclose(estimated_image(before, latents, 0.5f, 0.25f), before + 0.5 * output));
  EXPECT_TRUE(at::equal(estimated_image(noise, image, 0.3f, 0.f), image));
}

TEST(Guidance, off_at_scale_0_and_beyond_the_truncation) {
  EXPECT_FALSE(is_guided({.scale = 0}, 0.5f));
  EXPECT_TRUE(is_guided({.scale = 5}, 0.5f));
  EXPECT_FALSE(is_guided({.scale = 5, .truncation = 0.4}, 0.5f));
  EXPECT_TRUE(is_guided({.scale = 5, .truncation = 0.6}, 0.5f));
}

TEST(Guidance, extrapolates_and_bounds_the_norm) {
  const at::Tensor conditional = at::tensor({3.f, 4.f}).view({1, 1, 1, 2}), unconditional = at::zeros({1, 1, 1, 2});
  const at::Tensor doubled = at::tensor({6.f, 8.f}).view({1, 1, 1, 2});
  EXPECT_TRUE(at::allclose(guide(conditional, unconditional, {.scale = 1}), doubled));
  EXPECT_TRUE(at::allclose(guide(conditional, unconditional, {.scale = 1, .normalization = 1}), conditional));
  // a bound that is not reached changes nothing
  EXPECT_TRUE(at::allclose(guide(conditional, unconditional, {.scale = 1, .normalization = 3}), doubled));
}

TEST(Guidance, bounds_each_image_of_a_batch_by_its_own_norm) {
  const at::Tensor conditional = at::tensor({3.f, 4.f, 30.f, 40.f}).view({2, 1, 1, 2});
  const Guidance bounded{.scale = 1, .normalization = 1};
  const at::Tensor unconditional = at::tensor({0.f, 0.f, 30.f, 40.f}).view({2, 1, 1, 2});
  EXPECT_TRUE(at::allclose(guide(conditional, unconditional, bounded), conditional));
}

TEST(Noise, depends_on_the_seed_alone) {
  const auto noise = [](std::uint64_t seed) { return initial_noise({16, 4, 4}, seed, NoiseSource::cpu, at::kCPU); };
  EXPECT_TRUE(at::equal(noise(7), noise(7)));
  EXPECT_FALSE(at::equal(noise(7), noise(8)));
}

TEST(Noise, latents_survive_the_round_trip) {
  const at::Tensor noise = initial_noise({16, 2, 3}, 1, NoiseSource::cpu, at::kCPU);
  EXPECT_TRUE(at::equal(to_tensor(to_latents(noise), at::kCPU), noise));
}

}  // namespace
}  // namespace zimage
