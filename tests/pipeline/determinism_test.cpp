// The same request gives the same pixels, and its noise depends on nothing but the seed.
#include "zimage/pipeline.h"

#include "sampling/noise.h"
#include "support/devices.h"
#include "support/planned.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>

namespace zimage {
namespace {

// scripts/nightly.sh asks for more.
int runs() {
  const char* const wanted = std::getenv("ZIMAGE_DETERMINISM_RUNS");
  return wanted == nullptr ? 5 : std::stoi(wanted);
}

const test::FixtureCase& small_case() {
  static const test::FixtureCase one = test::fixture_case("odd_guided_2_steps");
  return one;
}

Latents noise_of(const Request& request) {
  return to_latents(
      initial_noise({16, request.height / 8, request.width / 8}, request.seed, NoiseSource::cpu, at::kCPU));
}

Request with_noise_given(Request request) {
  request.initial_noise = noise_of(request);
  request.seed += 1000;  // plays no part any more
  return request;
}

TEST(Determinism, G9_many_runs_give_the_same_pixels) {
  const Request& request = small_case().request;
  Request other = request;
  other.seed += 1;
  Pipeline pipeline(test::options_for(small_case(), {}));
  const Result first = pipeline.generate(request);
  EXPECT_NE(pipeline.generate(other).image.rgb, first.image.rgb);
  for (int run = 1; run < runs(); ++run) {
    if (run % 10 == 0) pipeline = Pipeline(test::options_for(small_case(), {}));
    const Result again = pipeline.generate(request);
    ASSERT_EQ(again.image.rgb, first.image.rgb) << "run " << run;
    ASSERT_EQ(again.latents.values, first.latents.values) << "run " << run;
  }
}

TEST(Determinism, G9_noise_is_the_same_on_cuda) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const at::Device gpu(at::kCUDA, 0);
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{7}, ~std::uint64_t{0}}) {
    const at::Tensor here = initial_noise({16, 128, 128}, seed, NoiseSource::cpu, at::kCPU);
    EXPECT_TRUE(at::equal(initial_noise({16, 128, 128}, seed, NoiseSource::cpu, gpu).cpu(), here)) << seed;
  }
}

// Every rung of the ladder is marked exact: the same sums, some in another order.
TEST(Determinism, G9_exact_plans_have_the_same_noise_and_differ_by_rounding_alone) {
  const test::FixtureCase tall = test::fixture_case("odd_tall");
  const Result expected = Pipeline(test::options_for(tall, {})).generate(tall.request);
  double worst = 0;
  int off = 0;
  for (const plan::Plan& rung : test::ladder_for(tall)) {
    Pipeline pipeline(test::options_for(tall, {.budget_bytes = rung.peak_bytes()}));
    const Result result = pipeline.generate(tall.request);
    EXPECT_EQ(pipeline.generate(with_noise_given(tall.request)).latents.values, result.latents.values)
        << "budget " << rung.peak_bytes();
    const at::Tensor latents = at::tensor(result.latents.values);
    worst = std::max(worst, test::relative_error(latents, at::tensor(expected.latents.values)));
    for (std::size_t i = 0; i < expected.image.rgb.size(); ++i) {
      off = std::max(off, std::abs(result.image.rgb[i] - expected.image.rgb[i]));
    }
  }
  std::ostringstream text;
  text << worst;
  RecordProperty("latents", text.str());
  RecordProperty("pixels", off);
  EXPECT_LE(worst, 2e-6);
  EXPECT_LE(off, 1);
}

}  // namespace
}  // namespace zimage
