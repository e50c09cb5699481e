// The transformer against diffusers' ZImageTransformer2DModel, block by block, on the inputs that it had.
#include "models/transformer/transformer.h"

#include "models/transformer/patches.h"
#include "sampling/flow_match_euler.h"
#include "support/fixture.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using test::relative_error;

constexpr double kBlockTolerance = 1e-5;

class TransformerParity : public testing::TestWithParam<test::FixtureCase> {
 protected:
  TransformerParity()
      : fixture_(test::fixture_tensors(GetParam().name)),
        checkpoint_(GetParam().checkpoint_dir()),
        config_(checkpoint_.transformer_config()),
        weights_(checkpoint_.transformer(), transformer_load_spec(at::kCPU, at::kFloat)),
        step_(step_norms(ParamView(weights_), config_, first_sigma())[0]) {}

  std::vector<float> first_sigma() const {
    return {flow_match_sigmas(GetParam().evaluations, checkpoint_.scheduler_config().shift)[0]};
  }
  at::Tensor input(const std::string& block) { return fixture_.at("transformer." + block + ".in").clone(); }
  const at::Tensor& output(const std::string& block) { return fixture_.at("transformer." + block + ".out"); }
  void expect_block(const std::string& name, const BlockNorms& norms, const kernels::RopeTable& rope) {
    const at::Tensor x = input(name);
    run_block_(x, sequences_of({rope}), ParamView(weights_).sub(name), norms, config_);
    EXPECT_LE(relative_error(x, output(name)), kBlockTolerance) << name;
  }
  TokenGrid grid() {
    return {GetParam().request.height / 16, GetParam().request.width / 16, input("context_refiner.0").size(0)};
  }

  std::map<std::string, at::Tensor> fixture_;
  Checkpoint checkpoint_;
  TransformerConfig config_;
  WeightStore weights_;
  StepNorms step_;
};

TEST_P(TransformerParity, noise_refiner_blocks) {
  const kernels::RopeTable rope = image_rope(grid(), config_, at::kCPU);
  for (std::size_t i = 0; i < step_.noise_refiner.size(); ++i) {
    expect_block("noise_refiner." + std::to_string(i), step_.noise_refiner[i], rope);
  }
}

TEST_P(TransformerParity, context_refiner_blocks) {
  const kernels::RopeTable rope = caption_rope(grid().caption, config_, at::kCPU);
  for (std::int64_t i = 0; i < config_.n_refiner_layers; ++i) {
    const std::string name = "context_refiner." + std::to_string(i);
    expect_block(name, plain_norms(ParamView(weights_).sub(name)), rope);
  }
}

TEST_P(TransformerParity, joint_blocks) {
  const kernels::RopeTable rope =
      joint_rope(image_rope(grid(), config_, at::kCPU), caption_rope(grid().caption, config_, at::kCPU));
  for (std::size_t i = 0; i < step_.layers.size(); ++i) {
    expect_block("layers." + std::to_string(i), step_.layers[i], rope);
  }
}

// Each block's fused hand-over to the next: a whole stack at once, from the first block's input to the last's output.
TEST_P(TransformerParity, joint_stack) {
  const kernels::RopeTable rope =
      joint_rope(image_rope(grid(), config_, at::kCPU), caption_rope(grid().caption, config_, at::kCPU));
  const at::Tensor x = input("layers.0");
  run_blocks_(x, sequences_of({rope}), ParamView(weights_, "layers."), step_.layers, config_);
  EXPECT_LE(relative_error(x, output("layers." + std::to_string(step_.layers.size() - 1))), kBlockTolerance);
}

TEST_P(TransformerParity, caption_enters_the_joint_sequence) {
  const Transformer transformer(config_, checkpoint_.transformer(), transformer_load_spec(at::kCPU, at::kFloat));
  const CaptionContext caption = transformer.prepare_captions({fixture_.at("prompt_embeds")});
  const std::string last = "context_refiner." + std::to_string(config_.n_refiner_layers - 1);
  EXPECT_LE(relative_error(caption.tokens, output(last)), kBlockTolerance);
}

std::vector<test::FixtureCase> cases_with_blocks() {
  std::vector<test::FixtureCase> cases = test::fixture_cases();
  std::erase_if(cases, [](const auto& one) { return !one.has_blocks; });
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Fixtures, TransformerParity, testing::ValuesIn(cases_with_blocks()),
                         [](const auto& info) { return info.param.name; });

TEST(Patches, patchify_orders_row_column_then_channel) {
  const at::Tensor latents = at::arange(2 * 2 * 4 * 6, at::kFloat).view({2, 2, 4, 6});
  const at::Tensor tokens = patchify(latents, 2);
  ASSERT_EQ(tokens.sizes(), (std::vector<std::int64_t>{2, 6, 8}));
  // Second patch of the first row: rows 0-1, columns 2-3, channel fastest.
  const at::Tensor expected = at::tensor({2., 26., 3., 27., 8., 32., 9., 33.}, at::kFloat);
  EXPECT_TRUE(at::equal(tokens[0][1], expected)) << tokens[0][1];
  EXPECT_TRUE(at::equal(unpatchify(at::cat({tokens, at::zeros({2, 2, 8})}, 1), latents.sizes(), 2), latents));
}

}  // namespace
}  // namespace zimage
