// The same image whichever weights stay on the device: whole runs of a tiny checkpoint under arenas made by hand.
#include "zimage/pipeline.h"

#include "checkpoint/units.h"
#include "models/text_encoder/text_encoder.h"
#include "models/vae/decoder.h"
#include "pipeline/denoise.h"
#include "sampling/flow_match_euler.h"
#include "support/arenas.h"
#include "support/counting_allocator.h"
#include "support/fixture.h"
#include "support/slow_transfers.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace zimage {
namespace {

using Control = test::SlowTransfers::Control;

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

struct Picture {
  at::Tensor latents, pixels;
};

bool equal(const Picture& a, const Picture& b) {
  return at::equal(a.latents, b.latents) && at::equal(a.pixels, b.pixels);
}

class Streaming : public testing::Test {
 protected:
  // Under a device that copies late. host_bytes: what the host may hold, the rest comes from the files.
  std::shared_ptr<Weights> load(const plan::Arena& arena, std::uint64_t host_bytes) const {
    const WeightPlan plan{arena, {.weight_bytes = host_bytes}, at::kCPU};
    auto transfers = threaded(std::make_unique<test::SlowTransfers>(control_));
    auto weights = std::make_shared<Weights>(layouts(), plan, std::move(transfers));
    WeightReader reader(at::kCPU);
    for (const auto component : {plan::Component::text_encoder, plan::Component::transformer, plan::Component::vae}) {
      weights->load(component, reader);
    }
    return weights;
  }

  // An image, guided, of two prompts. each_step may throw.
  Picture run(
      const std::shared_ptr<Weights>& weights, const std::function<void(int)>& each_step = [](int) {}) const {
    const auto store = [&](plan::Component component) { return WeightStore(weights, component, at::kFloat); };
    const TextEncoder encoder(checkpoint_.text_encoder_config(), checkpoint_.text_encoder(),
                              store(plan::Component::text_encoder));
    const Transformer transformer(checkpoint_.transformer_config(), store(plan::Component::transformer));
    const VaeDecoder decoder(checkpoint_.vae_config(), store(plan::Component::vae));
    DenoiseInput input{.noise = noise_.unsqueeze(0), .guidance = {2, 0, 1}, .sigmas = flow_match_sigmas(3, 3)};

    Visits visits = encoder.visits();
    for (const Visits& more : {encoder.visits(), denoise_visits(transformer, input.guidance, input.sigmas, {})}) {
      visits.insert(visits.end(), more.begin(), more.end());
    }
    weights->residency().expect(visits);
    input.negative_prompt_embeds = {encoder.forward({5, 6, 7})};
    input.prompt_embeds = {encoder.forward({1, 2, 3, 4})};
    const at::Tensor latents = denoise(transformer, input, [&](int done, const at::Tensor&) { each_step(done); })[0];
    return {latents, decoder.forward(latents)};
  }

  UnitLayouts layouts() const { return layouts_of(checkpoint_, {DType::f32, DType::f32}, ImageOrder::channels_first); }

  const c10::InferenceMode inference_;
  std::shared_ptr<Control> control_ = std::make_shared<Control>();
  Checkpoint checkpoint_{test::fixture_case("odd_guided_2_steps").checkpoint_dir()};
  plan::Units units_ = units_of(checkpoint_, {DType::f32, DType::f32});
  at::Tensor noise_ = at::randn({checkpoint_.transformer_config().in_channels, 6, 10});
  Picture expected_ = run(load(plan::all_resident(units_), 0));
  std::size_t blocks_ = static_cast<std::size_t>(checkpoint_.transformer_config().n_layers +
                                                 checkpoint_.transformer_config().n_refiner_layers);
};

TEST_F(Streaming, every_number_of_resident_blocks_gives_the_same_image) {
  for (std::size_t resident = 0; resident <= blocks_; ++resident) {
    const std::shared_ptr<Weights> weights = load(test::two_slots(units_, resident), kAll);
    for (int image = 0; image < 2; ++image) EXPECT_TRUE(equal(run(weights), expected_)) << resident;
    EXPECT_GT(weights->residency().take_count().bytes, 0);
  }
}

TEST_F(Streaming, a_batch_and_a_window_s_prompts_share_the_trips_of_weights) {
  const std::shared_ptr<Weights> weights = load(test::two_slots(units_, 0), kAll);
  const TextEncoder encoder(checkpoint_.text_encoder_config(), checkpoint_.text_encoder(),
                            WeightStore(weights, plan::Component::text_encoder, at::kFloat));
  const Transformer transformer(checkpoint_.transformer_config(),
                                WeightStore(weights, plan::Component::transformer, at::kFloat));
  const auto bytes_of = [&](std::size_t images) {
    DenoiseInput input{.noise = at::stack(std::vector<at::Tensor>(images, noise_)), .sigmas = flow_match_sigmas(3, 3)};
    Visits visits = encoder.visits();
    const Visits more = denoise_visits(transformer, input.guidance, input.sigmas, transformer.prepared_sigmas());
    visits.insert(visits.end(), more.begin(), more.end());
    weights->residency().expect(visits);
    std::vector<std::vector<std::int32_t>> prompts;
    for (std::size_t i = 0; i < images; ++i) prompts.emplace_back(i + 1, 4);
    input.prompt_embeds = encoder.forward_each(prompts);
    denoise(transformer, input, [](int, const at::Tensor&) {});
    return weights->residency().take_count().bytes;
  };
  bytes_of(1);  // the schedule
  const std::uint64_t alone = bytes_of(1);
  EXPECT_GT(alone, 0U);
  EXPECT_EQ(bytes_of(3), alone);
}

TEST_F(Streaming, components_that_take_turns_give_the_same_image) {
  const std::shared_ptr<Weights> weights = load(test::overlaid(units_), kAll);
  for (int image = 0; image < 3; ++image) EXPECT_TRUE(equal(run(weights), expected_));
}

TEST_F(Streaming, R22_weights_from_their_files_give_the_same_image) {
  std::uint64_t largest = 0;
  for (const plan::Unit& unit : units_) largest = std::max(largest, unit.bytes);
  for (const std::uint64_t host_bytes : {std::uint64_t{0}, 2 * largest}) {
    const std::shared_ptr<Weights> weights = load(test::two_slots(units_, 1), host_bytes);
    for (int image = 0; image < 2; ++image) EXPECT_TRUE(equal(run(weights), expected_)) << host_bytes;
    EXPECT_LE(weights->host().pageable_bytes() + weights->host().pinned_bytes(), host_bytes);
  }
}

TEST_F(Streaming, the_host_holds_first_what_every_evaluation_needs) {
  std::uint64_t evaluated = 0;
  for (const plan::Unit& unit : units_) evaluated += unit.use == plan::Use::evaluation ? unit.bytes : 0;
  const HostWeights host(units_, test::two_slots(units_, 0), evaluated);
  for (std::size_t i = 0; i < units_.size(); ++i) {
    EXPECT_EQ(host.holds(i), units_[i].use == plan::Use::evaluation) << units_[i].name;
  }
}

TEST_F(Streaming, the_device_is_asked_for_the_arena_and_for_no_other_weights) {
  for (const plan::Arena& arena :
       {plan::all_resident(units_), test::two_slots(units_, 0), test::two_slots(units_, 2), test::overlaid(units_)}) {
    test::CountingAllocator device;
    {
      const std::shared_ptr<Weights> weights = load(arena, kAll);
      EXPECT_EQ(device.live_bytes(), static_cast<std::int64_t>(arena.bytes));
      run(weights);
      EXPECT_EQ(device.live_bytes(), static_cast<std::int64_t>(arena.bytes));
      EXPECT_EQ(device.allocations_of(static_cast<std::int64_t>(arena.bytes)), 1);
    }
    EXPECT_EQ(device.live_bytes(), 0);
  }
}

TEST_F(Streaming, streaming_allocates_nothing_in_the_loop) {
  std::int64_t resident = 0, streamed = 0;
  for (auto& [count, arena] :
       {std::pair{&resident, plan::all_resident(units_)}, {&streamed, test::two_slots(units_, 0)}}) {
    const std::shared_ptr<Weights> weights = load(arena, kAll);
    const test::CountingAllocator device;
    run(weights);
    *count = device.allocations();
  }
  EXPECT_EQ(streamed, resident);
}

TEST_F(Streaming, R18_an_allocation_that_fails_leaves_nothing_behind) {
  const std::shared_ptr<Weights> weights = load(test::two_slots(units_, 1), kAll);
  test::CountingAllocator device;
  run(weights);
  const std::int64_t all = device.allocations();
  ASSERT_EQ(device.live_bytes(), 0);
  for (std::int64_t nth = 0; nth < all; nth += 1 + all / 8) {
    device.fail_at(nth);
    EXPECT_THROW(run(weights), c10::Error) << nth;
    EXPECT_EQ(device.live_bytes(), 0) << nth;
    device.fail_no_more();
    EXPECT_TRUE(equal(run(weights), expected_)) << nth;
  }
}

TEST_F(Streaming, R17_a_load_without_memory_leaves_nothing_behind) {
  test::CountingAllocator device;
  device.fail_at(0);
  EXPECT_THROW(load(test::two_slots(units_, 1), kAll), c10::Error);
  EXPECT_EQ(device.live_bytes(), 0);
}

TEST_F(Streaming, a_copy_that_fails_is_reported_and_the_next_image_is_whole) {
  const std::shared_ptr<Weights> weights = load(test::two_slots(units_, 1), kAll);
  for (const int nth : {0, 1, 5, 20}) {
    control_->failing = control_->copies + nth;
    EXPECT_THROW(run(weights), std::runtime_error) << nth;
    control_->failing = std::numeric_limits<int>::max();
    EXPECT_TRUE(equal(run(weights), expected_)) << nth;
  }
}

TEST_F(Streaming, a_copy_that_fails_while_loading_is_reported) {
  control_->failing = control_->copies + 1;
  EXPECT_THROW(load(test::two_slots(units_, 1), kAll), std::runtime_error);
}

TEST_F(Streaming, an_image_that_is_cancelled_does_not_harm_the_next) {
  const std::shared_ptr<Weights> weights = load(test::two_slots(units_, 0), kAll);
  const auto cancel = [](int done) {
    if (done == 1) throw Cancelled{};
  };
  EXPECT_THROW(run(weights, cancel), Cancelled);
  EXPECT_TRUE(equal(run(weights), expected_));
}

TEST_F(Streaming, a_plan_of_another_model_is_refused) {
  plan::Arena arena = plan::all_resident(units_);
  arena.places.pop_back();
  EXPECT_THROW(load(arena, kAll), Error);
}

}  // namespace
}  // namespace zimage
