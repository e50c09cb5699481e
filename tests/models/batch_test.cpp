// Images that share evaluations against the same images alone: captions of other lengths, padded sizes, every lever.
#include "models/text_encoder/text_encoder.h"
#include "models/transformer/transformer.h"
#include "support/devices.h"
#include "support/fixture.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace zimage {
namespace {

using plan::ActivationLevers;
using test::relative_error;

// Checkpoints of two shapes: 3 heads, and 2.
constexpr const char* kCases[] = {"square_9_steps", "odd_tall"};

struct Target {
  at::Device device;
  at::ScalarType dtype;
  double tolerance;
};

class Batches {
 public:
  Batches(const std::string& name, const Target& target, const ActivationLevers& levers)
      : checkpoint_(test::fixture_case(name).checkpoint_dir()),
        target_(target),
        config_(checkpoint_.transformer_config()) {
    config_.levers = levers;
    transformer_.emplace(config_, checkpoint_.transformer(), transformer_load_spec(target.device, target.dtype));
    at::manual_seed(5);
    for (const std::int64_t tokens : {5, 70, 32}) {
      latents_.push_back(at::randn({config_.in_channels, 12, 10}).to(target.device));
      embeds_.push_back(at::randn({tokens, config_.cap_feat_dim}).to(target.device));
    }
  }

  // Of some of three images, drawn together.
  at::Tensor velocities(const std::vector<std::size_t>& images) const {
    std::vector<at::Tensor> latents, embeds;
    for (const std::size_t i : images) {
      latents.push_back(latents_[i]);
      embeds.push_back(embeds_[i]);
    }
    const CaptionContext captions = transformer_->prepare_captions(embeds);
    const SequencePositions positions = transformer_->prepare_positions(12, 10, captions);
    return transformer_->forward(at::stack(latents), transformer_->prepare_steps({0.7f})[0], captions, positions);
  }

  void expect_each_as_alone(const std::vector<std::size_t>& images) const {
    const at::Tensor together = velocities(images);
    for (std::size_t i = 0; i < images.size(); ++i) {
      EXPECT_LE(relative_error(together[static_cast<std::int64_t>(i)], velocities({images[i]})[0]), target_.tolerance)
          << "image " << images[i] << " of " << images.size() << ", heads " << config_.levers.heads_per_slice
          << ", rows " << config_.levers.rows_per_chunk;
    }
  }

 private:
  Checkpoint checkpoint_;
  Target target_;
  TransformerConfig config_;
  std::optional<Transformer> transformer_;
  std::vector<at::Tensor> latents_, embeds_;
};

void expect_images_alone(const Target& target) {
  const c10::InferenceMode inference;
  for (const char* name : kCases) {
    for (const ActivationLevers levers : {ActivationLevers{}, {0, 19}, {1, 0}, {2, 7}}) {
      const Batches batches(name, target, levers);
      batches.expect_each_as_alone({0, 1});
      batches.expect_each_as_alone({2, 0, 1});
    }
  }
}

TEST(TransformerBatch, each_image_is_the_same_as_alone) { expect_images_alone({at::kCPU, at::kFloat, 1e-5}); }

TEST(TransformerBatch, each_image_is_the_same_as_alone_on_cuda) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  expect_images_alone({at::kCUDA, at::kFloat, 1e-5});
  expect_images_alone({at::kCUDA, at::kHalf, 3e-3});
  expect_images_alone({at::kCUDA, at::kBFloat16, 2e-2});
}

TEST(TextEncoderBatch, each_prompt_is_bit_for_bit_the_same_as_alone) {
  const Checkpoint checkpoint(test::fixture_case("odd_tall").checkpoint_dir());
  const TextEncoder encoder(checkpoint.text_encoder_config(), checkpoint.text_encoder(), at::kCPU, at::kFloat);
  const std::vector<std::vector<std::int32_t>> prompts{{5, 9, 2}, {7}, {1, 30, 2, 7, 7}};
  const std::vector<at::Tensor> together = encoder.forward_each(prompts);
  ASSERT_EQ(together.size(), prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i)
    EXPECT_TRUE(at::equal(together[i], encoder.forward(prompts[i]))) << i;
}

}  // namespace
}  // namespace zimage
