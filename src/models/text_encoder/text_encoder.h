// The Qwen3 text encoder: token ids to prompt embeddings.
// Source: transformers' Qwen3Model with output_hidden_states; diffusers takes hidden_states[-2].
#pragma once

#include "kernels/rope.h"
#include "nn/float16.h"
#include "plan/model_config.h"
#include "runtime/stored_rows.h"
#include "runtime/weight_store.h"

#include <cstdint>
#include <vector>

namespace zimage {

// One decoder layer, a view over resident weights:
// x += o_proj(attention(input_norm(x)));  x += down(silu(gate h) · up h) with h = post_attention_norm(x)
class TextEncoderLayer {
 public:
  TextEncoderLayer(const ParamView& params, const TextEncoderConfig& config);
  // x: [L, hidden] float32, updated in place; h: input_norm(x), [L, hidden] of the weights' type; rope: [L, head_dim /
  // 2]. Returns the following layer's h: the norm next_in of the new x; undefined where next_in is.
  at::Tensor forward_(const at::Tensor& x, const at::Tensor& h, const kernels::RopeTable& rope,
                      const at::Tensor& next_in) const;

 private:
  // Before the output projection.
  at::Tensor mix(const at::Tensor& h, const kernels::RopeTable& rope) const;
  // From the output projection to the layer's end, for any rows of x and mixed.
  at::Tensor finish_(const at::Tensor& x, const at::Tensor& mixed, const at::Tensor& next_in) const;
  at::Tensor feed_forward(const at::Tensor& h) const;

  ParamView params_;
  const TextEncoderConfig* config_;
  nn::BranchScale branch_scale_;
};

// Rotate-half angles of positions 0 .. length-1: [length, head_dim / 2].
kernels::RopeTable text_rope(std::int64_t length, const TextEncoderConfig& config, at::Device device);

// Its weights alone, all resident on one device.
LoadSpec text_encoder_load_spec(at::Device device, at::ScalarType dtype);

class TextEncoder {
 public:
  static constexpr std::int64_t kMaxTokens = 512;  // of a prompt

  // The token embedding stays in its file, so `files` must outlive this; the last layer and norm are never read.
  TextEncoder(const TextEncoderConfig& config, const ComponentFiles& files, WeightStore weights);
  TextEncoder(const TextEncoderConfig& config, const ComponentFiles& files, at::Device device, at::ScalarType dtype);

  using TokenIds = std::vector<std::int32_t>;

  // Of one forward, of however many prompts.
  Visits visits() const;

  // ids: L of them, at most kMaxTokens, each below vocab_size. Returns [L, hidden] float32: what leaves the layer
  // before the last.
  at::Tensor forward(const TokenIds& ids) const;
  // A prompt on its way through the layers: x and the next layer's h, as TextEncoderLayer has them.
  struct Passing {
    at::Tensor x, h;
    kernels::RopeTable rope;
  };
  // Their rows of the embedding, on the device: before any layer's weights are on their way there, a copy from the host
  // would wait until those have come.
  std::vector<Passing> enter(const std::vector<TokenIds>& prompts) const;
  // Of each prompt by itself, layer by layer: a layer's weights serve all prompts before the next layer's come.
  std::vector<at::Tensor> forward_each(std::vector<Passing> passing) const;
  std::vector<at::Tensor> forward_each(const std::vector<TokenIds>& prompts) const {
    return forward_each(enter(prompts));
  }

 private:
  const at::Tensor& norm_in(std::int64_t layer) const;
  std::int64_t layers() const { return config_.num_hidden_layers - 1; }  // the last one's output is not used

  TextEncoderConfig config_;
  StoredRows embedding_;
  WeightStore weights_;
  kernels::RopeTable rope_;  // of kMaxTokens: made once, since the CPU's threads would keep each prompt waiting
};

}  // namespace zimage
