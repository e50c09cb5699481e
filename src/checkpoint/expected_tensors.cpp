#include "checkpoint/expected_tensors.h"

namespace zimage {
namespace {

constexpr std::int64_t kSinusoidDim = 256;
constexpr std::int64_t kTimestepHiddenDim = 1024;

// Adds tensors below one prefix.
class Names {
 public:
  Names(ExpectedTensors::Shapes& shapes, std::string prefix) : shapes_(shapes), prefix_(std::move(prefix)) {}

  Names sub(const std::string& name) const { return {shapes_, prefix_ + name + "."}; }
  Names sub(const std::string& name, std::int64_t index) const { return sub(name + "." + std::to_string(index)); }

  void tensor(const std::string& name, std::vector<std::int64_t> shape) const {
    shapes_.emplace(prefix_ + name, std::move(shape));
  }
  void norm(const std::string& name, std::int64_t width) const { tensor(name + ".weight", {width}); }
  void matrix(const std::string& name, std::int64_t out, std::int64_t in) const { tensor(name + ".weight", {out, in}); }
  void linear(const std::string& name, std::int64_t out, std::int64_t in) const {
    matrix(name, out, in);
    tensor(name + ".bias", {out});
  }
  void group_norm(const std::string& name, std::int64_t channels) const {
    norm(name, channels);
    tensor(name + ".bias", {channels});
  }
  void conv(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t kernel) const {
    tensor(name + ".weight", {out, in, kernel, kernel});
    tensor(name + ".bias", {out});
  }

 private:
  ExpectedTensors::Shapes& shapes_;
  std::string prefix_;
};

void add_text_layer(const Names& layer, const TextEncoderConfig& config) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t query = config.num_attention_heads * config.head_dim;
  const std::int64_t key_value = config.num_key_value_heads * config.head_dim;
  layer.norm("input_layernorm", hidden);
  layer.norm("post_attention_layernorm", hidden);
  const Names attention = layer.sub("self_attn"), mlp = layer.sub("mlp");
  attention.matrix("q_proj", query, hidden);
  attention.matrix("k_proj", key_value, hidden);
  attention.matrix("v_proj", key_value, hidden);
  attention.matrix("o_proj", hidden, query);
  attention.norm("q_norm", config.head_dim);
  attention.norm("k_norm", config.head_dim);
  mlp.matrix("gate_proj", config.intermediate_size, hidden);
  mlp.matrix("up_proj", config.intermediate_size, hidden);
  mlp.matrix("down_proj", hidden, config.intermediate_size);
}

void add_context_block(const Names& block, const TransformerConfig& config) {
  for (const char* norm : {"attention_norm1", "attention_norm2", "ffn_norm1", "ffn_norm2"})
    block.norm(norm, config.dim);
  const Names attention = block.sub("attention"), feed_forward = block.sub("feed_forward");
  for (const char* name : {"to_q", "to_k", "to_v", "to_out.0"}) attention.matrix(name, config.dim, config.dim);
  attention.norm("norm_q", config.head_dim());
  attention.norm("norm_k", config.head_dim());
  feed_forward.matrix("w1", config.ffn_dim(), config.dim);
  feed_forward.matrix("w2", config.dim, config.ffn_dim());
  feed_forward.matrix("w3", config.ffn_dim(), config.dim);
}

void add_modulated_block(const Names& block, const TransformerConfig& config) {
  add_context_block(block, config);
  block.linear("adaLN_modulation.0", 4 * config.dim, config.modulation_dim());
}

void add_resnet(const Names& resnet, std::int64_t in, std::int64_t out) {
  resnet.group_norm("norm1", in);
  resnet.conv("conv1", out, in, 3);
  resnet.group_norm("norm2", out);
  resnet.conv("conv2", out, out, 3);
  if (in != out) resnet.conv("conv_shortcut", out, in, 1);
}

void add_mid_block(const Names& mid, std::int64_t width) {
  add_resnet(mid.sub("resnets", 0), width, width);
  add_resnet(mid.sub("resnets", 1), width, width);
  const Names attention = mid.sub("attentions", 0);
  attention.group_norm("group_norm", width);
  for (const char* name : {"to_q", "to_k", "to_v", "to_out.0"}) attention.linear(name, width, width);
}

}  // namespace

ExpectedTensors text_encoder_tensors(const TextEncoderConfig& config) {
  ExpectedTensors tensors;
  const Names root(tensors.shapes, "");
  root.matrix("embed_tokens", config.vocab_size, config.hidden_size);
  for (std::int64_t i = 0; i + 1 < config.num_hidden_layers; ++i) add_text_layer(root.sub("layers", i), config);
  tensors.unused = {"layers." + std::to_string(config.num_hidden_layers - 1) + ".", "norm.weight", "lm_head.weight"};
  return tensors;
}

ExpectedTensors transformer_tensors(const TransformerConfig& config) {
  ExpectedTensors tensors;
  const Names root(tensors.shapes, "");
  const std::int64_t patch = config.patch_size * config.patch_size * config.in_channels;
  const std::int64_t c = config.modulation_dim();
  root.tensor("x_pad_token", {1, config.dim});
  root.tensor("cap_pad_token", {1, config.dim});
  root.linear("all_x_embedder.2-1", config.dim, patch);
  root.norm("cap_embedder.0", config.cap_feat_dim);
  root.linear("cap_embedder.1", config.dim, config.cap_feat_dim);
  root.linear("t_embedder.mlp.0", kTimestepHiddenDim, kSinusoidDim);
  root.linear("t_embedder.mlp.2", c, kTimestepHiddenDim);
  for (std::int64_t i = 0; i < config.n_refiner_layers; ++i) {
    add_modulated_block(root.sub("noise_refiner", i), config);
    add_context_block(root.sub("context_refiner", i), config);
  }
  for (std::int64_t i = 0; i < config.n_layers; ++i) add_modulated_block(root.sub("layers", i), config);
  root.linear("all_final_layer.2-1.adaLN_modulation.1", config.dim, c);
  root.linear("all_final_layer.2-1.linear", patch, config.dim);
  tensors.unused = {"norm_final.weight"};  // in files with the original names
  return tensors;
}

ExpectedTensors vae_decoder_tensors(const VaeConfig& config) {
  ExpectedTensors tensors;
  const Names decoder(tensors.shapes, "decoder.");
  const std::vector<std::int64_t> widths(config.block_out_channels.rbegin(), config.block_out_channels.rend());
  std::int64_t width = widths.front();
  decoder.conv("conv_in", width, config.latent_channels, 3);
  add_mid_block(decoder.sub("mid_block"), width);
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const Names block = decoder.sub("up_blocks", static_cast<std::int64_t>(i));
    for (std::int64_t j = 0; j < config.layers_per_block + 1; ++j) {
      add_resnet(block.sub("resnets", j), width, widths[i]);
      width = widths[i];
    }
    if (i + 1 < widths.size()) block.conv("upsamplers.0.conv", width, width, 3);
  }
  decoder.group_norm("conv_norm_out", width);
  decoder.conv("conv_out", 3, width, 3);
  tensors.unused = {"encoder."};
  return tensors;
}

}  // namespace zimage
