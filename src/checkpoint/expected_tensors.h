// Name and shape of every tensor that the program loads, from the configurations alone.
// Source: diffusers' ZImageTransformer2DModel and AutoencoderKL, transformers' Qwen3Model.
#pragma once

#include "plan/model_config.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace zimage {

struct ExpectedTensors {
  using Shapes = std::map<std::string, std::vector<std::int64_t>, std::less<>>;
  Shapes shapes;
  // Name prefixes of published tensors that nothing here needs.
  std::vector<std::string> unused;
};

// Without the last layer and the final norm, whose outputs nothing uses; names without "model." before them.
ExpectedTensors text_encoder_tensors(const TextEncoderConfig& config);
ExpectedTensors transformer_tensors(const TransformerConfig& config);
ExpectedTensors vae_decoder_tensors(const VaeConfig& config);

}  // namespace zimage
