// What the memory levers compute against what runs without them.
#include "models/text_encoder/text_encoder.h"
#include "models/transformer/transformer.h"
#include "models/vae/decoder.h"
#include "models/vae/tiles.h"
#include "sampling/flow_match_euler.h"
#include "support/devices.h"
#include "support/fixture.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using plan::ActivationLevers;
using plan::VaeLevers;
using plan::VaeTiling;
using test::relative_error;

// Checkpoints of two shapes: 3 heads and channels that halve; 2 heads and channels that do not.
constexpr const char* kCases[] = {"square_9_steps", "odd_tall"};

struct Target {
  at::Device device;
  at::ScalarType dtype;
  double tolerance;
};

const Target kCpu{at::kCPU, at::kFloat, 1e-5};
const std::vector<Target> kGpus{
    {at::kCUDA, at::kFloat, 1e-5}, {at::kCUDA, at::kHalf, 3e-3}, {at::kCUDA, at::kBFloat16, 2e-2}};

at::Tensor velocity(const std::string& name, const Target& target, const ActivationLevers& levers) {
  const test::FixtureCase fixture = test::fixture_case(name);
  const Checkpoint checkpoint(fixture.checkpoint_dir());
  TransformerConfig config = checkpoint.transformer_config();
  config.levers = levers;
  const Transformer transformer(config, checkpoint.transformer(), transformer_load_spec(target.device, target.dtype));
  at::manual_seed(5);
  const at::Tensor latents = at::randn({1, config.in_channels, 12, 10}).to(target.device);
  const at::Tensor embeds = test::fixture_tensors(name).at("prompt_embeds").to(target.device);
  const CaptionContext caption = transformer.prepare_captions({embeds});
  const auto positions = transformer.prepare_positions(12, 10, caption);
  return transformer.forward(latents, transformer.prepare_steps({0.7f})[0], caption, positions);
}

void expect_activation_levers_change_nothing(const Target& target) {
  const c10::InferenceMode inference;
  for (const char* name : kCases) {
    const at::Tensor expected = velocity(name, target, {});
    for (const ActivationLevers levers :
         {ActivationLevers{0, 1}, ActivationLevers{0, 19}, ActivationLevers{1, 0}, ActivationLevers{2, 7}}) {
      EXPECT_LE(relative_error(velocity(name, target, levers), expected), target.tolerance)
          << name << ", heads " << levers.heads_per_slice << ", rows " << levers.rows_per_chunk;
    }
  }
}

TEST(ActivationLevers, the_transformer_computes_the_same) { expect_activation_levers_change_nothing(kCpu); }

TEST(ActivationLevers, the_transformer_computes_the_same_on_cuda) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  for (const Target& target : kGpus) expect_activation_levers_change_nothing(target);
}

TEST(ActivationLevers, the_text_encoder_computes_the_same) {
  for (const char* name : kCases) {
    const Checkpoint checkpoint(test::fixture_case(name).checkpoint_dir());
    const auto encode = [&](std::int64_t rows) {
      TextEncoderConfig config = checkpoint.text_encoder_config();
      config.levers.rows_per_chunk = rows;
      return TextEncoder(config, checkpoint.text_encoder(), at::kCPU, at::kFloat).forward({5, 9, 2, 7, 7, 1, 30});
    };
    const at::Tensor expected = encode(0);
    for (const std::int64_t rows : {1, 3, 100}) EXPECT_LE(relative_error(encode(rows), expected), 1e-5) << rows;
  }
}

at::Tensor pixels(const std::string& name, const Target& target, const VaeLevers& levers, const at::Tensor& latents) {
  const Checkpoint checkpoint(test::fixture_case(name).checkpoint_dir());
  VaeConfig config = checkpoint.vae_config();
  config.levers = levers;
  return VaeDecoder(config, checkpoint.vae(), target.device, target.dtype).forward(latents.to(target.device));
}

void expect_strips_change_nothing(const Target& target) {
  const c10::InferenceMode inference;
  at::globalContext().setAllowTF32CuDNN(false);  // as the pipeline does
  const at::Tensor latents = at::randn({16, 3, 5});
  for (const char* name : kCases) {
    const at::Tensor expected = pixels(name, target, {}, latents);
    for (const std::int64_t rows : {1, 2, 5, 1000}) {
      const at::Tensor strips = pixels(name, target, {.tiling = VaeTiling::strips, .strip_rows = rows}, latents);
      EXPECT_LE(relative_error(strips, expected), target.tolerance) << name << ", rows " << rows;
    }
  }
}

TEST(VaeStrips, equal_the_whole) { expect_strips_change_nothing(kCpu); }

TEST(VaeStrips, equal_the_whole_on_cuda) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  expect_strips_change_nothing({at::kCUDA, at::kFloat, 1e-5});
  expect_strips_change_nothing({at::kCUDA, at::kBFloat16, 2e-2});
}

TEST(VaeTiles, weights_add_up_to_one_and_fall_towards_the_neighbour) {
  for (const std::int64_t length : {8, 9, 15, 21, 64}) {
    const vae::TileRow row = vae::tile_row(length, 8);
    at::Tensor sum = at::zeros({8 * length});
    for (std::size_t i = 0; i < row.first.size(); ++i) {
      const at::Tensor weights = vae::tile_weights(row, i, 8);
      sum.narrow(0, 8 * row.first[i], 8 * row.size).add_(weights);
      if (i + 1 < row.first.size()) {
        EXPECT_LE(row.first[i + 1] - row.first[i], 6);  // a quarter is shared
        EXPECT_LT(weights[-1].item<float>(), 0.1);
      }
    }
    EXPECT_EQ(row.first.back() + row.size, length);
    EXPECT_LE((sum - 1).abs().max().item<float>(), 1e-6) << length;
  }
}

TEST(VaeTiles, tiles_of_one_picture_blend_into_it) {
  const at::Tensor latents = at::randn({3, 13, 22});
  const auto larger = [](const at::Tensor& part) {
    return at::upsample_nearest2d(part.unsqueeze(0), {8 * part.size(1), 8 * part.size(2)});
  };
  EXPECT_LE(relative_error(vae::blend_tiles(latents, 6, larger), larger(latents)), 1e-6);
}

TEST(VaeTiles, a_picture_within_one_tile_is_exact_and_a_larger_one_is_not) {
  at::manual_seed(1);  // how far tiles are off depends on the picture
  const at::Tensor latents = at::randn({16, 6, 5});
  const auto decode = [&](std::int64_t tile) {
    return pixels("square_9_steps", kCpu, {.tiling = VaeTiling::tiles, .tile = tile}, latents);
  };
  const at::Tensor expected = pixels("square_9_steps", kCpu, {}, latents);
  EXPECT_TRUE(at::equal(decode(6), expected));
  const at::Tensor tiled = decode(4);
  ASSERT_EQ(tiled.sizes(), expected.sizes());
  const double mean_square = (tiled - expected).square().mean().item<double>();
  EXPECT_GT(mean_square, 0);
  EXPECT_LT(mean_square, 1e-2);  // 20 dB
}

}  // namespace
}  // namespace zimage
