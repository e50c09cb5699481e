// The sampling loop on a GPU keeps the queue full: it neither waits for the device nor asks it for memory. Recorded, it
// computes the same.
#include "pipeline/denoise.h"
#include "sampling/flow_match_euler.h"
#include "support/devices.h"
#include "support/fixture.h"

#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <gtest/gtest.h>

namespace zimage {
namespace {

// While it lives, every operation of ATen that waits for the device throws.
class NoWaiting {
 public:
  NoWaiting() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_ERROR); }
  ~NoWaiting() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_DISABLED); }
};

std::int64_t device_allocations() { return c10::cuda::CUDACachingAllocator::getDeviceStats(0).num_device_alloc; }

class DenoiseOnCuda : public testing::Test {
 protected:
  void SetUp() override { ZIMAGE_SKIP_WITHOUT(std::string("cuda")); }

  const c10::InferenceMode inference_;
};

// A transformer on the GPU, and what it denoises.
class OnCuda {
 public:
  const at::Device device{"cuda:0"};
  const test::FixtureCase fixture_case;
  const Checkpoint checkpoint{fixture_case.checkpoint_dir()};
  const Transformer transformer{checkpoint.transformer_config(), checkpoint.transformer(),
                                transformer_load_spec(device, at::kHalf)};
  const std::map<std::string, at::Tensor> fixture = test::fixture_tensors(fixture_case.name);

  DenoiseInput input() const {
    return {.noise = fixture.at("noise").unsqueeze(0).to(device),
            .prompt_embeds = {fixture.at("prompt_embeds").to(device)},
            .sigmas = flow_match_sigmas(fixture_case.evaluations, checkpoint.scheduler_config().shift)};
  }
};

TEST_F(DenoiseOnCuda, neither_waits_nor_allocates_after_the_first_evaluation) {
  const OnCuda on{.fixture_case = test::fixture_case("square_9_steps")};
  const int evaluations = on.fixture_case.evaluations;
  std::optional<NoWaiting> no_waiting;
  std::int64_t before = 0, after = 0;
  denoise(on.transformer, on.input(), [&](int done, const at::Tensor&) {
    if (done == 1) {
      before = device_allocations();
      no_waiting.emplace();
    }
    if (done == evaluations - 1) {  // what follows the last evaluation looks at the latents, and may wait
      no_waiting.reset();
      after = device_allocations();
    }
  });
  EXPECT_GT(before, 0);
  EXPECT_EQ(after, before);
}

TEST_F(DenoiseOnCuda, recorded_steps_compute_the_same_bits) {
  for (const double guidance : {0.0, 3.0}) {
    const OnCuda on{.fixture_case = test::fixture_case("square_9_steps")};
    RecordedSteps steps(Recording::of_small_images);
    at::manual_seed(7);
    for (int image = 0; image < 4; ++image) {
      DenoiseInput input = on.input();
      input.guidance = {guidance, 0, 1};
      input.noise = at::randn_like(input.noise);
      input.prompt_embeds = {at::randn_like(input.prompt_embeds[0])};
      input.negative_prompt_embeds = {at::randn_like(input.prompt_embeds[0])};
      const auto nothing = [](int, const at::Tensor&) {};
      const at::Tensor expected = denoise(on.transformer, input, nothing);
      EXPECT_TRUE(at::equal(denoise(on.transformer, input, steps, nothing), expected)) << "image " << image;
      EXPECT_EQ(steps.are_recorded(), image > 0);
    }
  }
}

TEST_F(DenoiseOnCuda, another_kind_of_run_is_not_replayed) {
  const OnCuda on{.fixture_case = test::fixture_case("square_9_steps")};
  RecordedSteps steps(Recording::of_small_images);
  const auto nothing = [](int, const at::Tensor&) {};
  DenoiseInput input = on.input();
  for (int image = 0; image < 2; ++image) denoise(on.transformer, input, steps, nothing);
  input.sigmas = flow_match_sigmas(3, 3.0);
  EXPECT_TRUE(at::equal(denoise(on.transformer, input, steps, nothing), denoise(on.transformer, input, nothing)));
  EXPECT_FALSE(steps.are_recorded());
}

TEST_F(DenoiseOnCuda, waiting_is_noticed) {
  const at::Tensor x = at::ones({1}, at::kCUDA);
  const NoWaiting no_waiting;
  EXPECT_THROW(x.item<float>(), c10::Error);
}

}  // namespace
}  // namespace zimage
