// The sampling loop on a GPU keeps the queue full: it neither waits for the device nor asks it for memory.
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

TEST(DenoiseOnCuda, neither_waits_nor_allocates_after_the_first_evaluation) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const c10::InferenceMode inference;
  const at::Device device("cuda:0");
  const test::FixtureCase fixture_case = test::fixture_case("square_9_steps");
  const auto fixture = test::fixture_tensors(fixture_case.name);
  const Checkpoint checkpoint(fixture_case.checkpoint_dir());
  const Transformer transformer(checkpoint.transformer_config(), checkpoint.transformer(),
                                transformer_load_spec(device, at::kHalf));
  const int evaluations = fixture_case.evaluations;
  const DenoiseInput input{.noise = fixture.at("noise").to(device),
                           .prompt_embeds = fixture.at("prompt_embeds").to(device),
                           .sigmas = flow_match_sigmas(evaluations, checkpoint.scheduler_config().shift)};
  std::optional<NoWaiting> no_waiting;
  std::int64_t before = 0, after = 0;
  denoise(transformer, input, [&](int done, const at::Tensor&) {
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

TEST(DenoiseOnCuda, waiting_is_noticed) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const at::Tensor x = at::ones({1}, at::kCUDA);
  const NoWaiting no_waiting;
  EXPECT_THROW(x.item<float>(), c10::Error);
}

}  // namespace
}  // namespace zimage
