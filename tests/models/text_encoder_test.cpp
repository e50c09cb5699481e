// The text encoder against transformers' Qwen3Model, layer by layer, and its output against diffusers' prompt_embeds.
#include "models/text_encoder/text_encoder.h"

#include "kernels/rms_norm.h"
#include "support/fixture.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using test::relative_error;

class TextEncoderParity : public testing::TestWithParam<test::FixtureCase> {};

std::vector<std::int32_t> ids_of(const std::map<std::string, at::Tensor>& fixture) {
  const at::Tensor& ids = fixture.at("ids");
  return {ids.const_data_ptr<std::int32_t>(), ids.const_data_ptr<std::int32_t>() + ids.numel()};
}

TEST_P(TextEncoderParity, prompt_embeds) {
  const auto fixture = test::fixture_tensors(GetParam().name);
  const Checkpoint checkpoint(GetParam().checkpoint_dir());
  const TextEncoder encoder(checkpoint.text_encoder_config(), checkpoint.text_encoder(), at::kCPU, at::kFloat);
  EXPECT_LE(relative_error(encoder.forward(ids_of(fixture)), fixture.at("prompt_embeds")), 1e-5);
}

TEST_P(TextEncoderParity, every_layer) {
  if (!GetParam().has_blocks) return;  // the fixture holds no layers for this case
  const auto fixture = test::fixture_tensors(GetParam().name);
  const Checkpoint checkpoint(GetParam().checkpoint_dir());
  const TextEncoderConfig& config = checkpoint.text_encoder_config();
  const WeightStore weights(checkpoint.text_encoder(), text_encoder_load_spec(at::kCPU, at::kFloat));
  const kernels::RopeTable rope = text_rope(fixture.at("ids").numel(), config, at::kCPU);
  for (std::int64_t i = 0; i + 1 < config.num_hidden_layers; ++i) {
    const std::string name = "text_encoder.layers." + std::to_string(i);
    const ParamView params = ParamView(weights).sub("layers." + std::to_string(i));
    const at::Tensor x = fixture.at(name + ".in").clone();
    const at::Tensor h = kernels::rms_norm(x, {params["input_layernorm.weight"], config.rms_norm_eps}, at::kFloat);
    TextEncoderLayer(params, config).forward_(x, h, rope, /*next_in=*/{});
    EXPECT_LE(relative_error(x, fixture.at(name + ".out")), 1e-5) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, TextEncoderParity, testing::ValuesIn(test::fixture_cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace zimage
