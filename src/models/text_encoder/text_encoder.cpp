#include "models/text_encoder/text_encoder.h"

#include "kernels/rms_norm.h"
#include "kernels/silu_mul.h"
#include "nn/attention.h"
#include "nn/chunks.h"
#include "nn/linear.h"
#include "runtime/scalar_type.h"

namespace zimage {
namespace {

constexpr const char* kEmbedding = "embed_tokens.weight";

}  // namespace

kernels::RopeTable text_rope(std::int64_t length, const TextEncoderConfig& config, at::Device device) {
  const at::Tensor exponents = at::arange(0, config.head_dim, 2, at::kFloat) / static_cast<float>(config.head_dim);
  const at::Tensor frequencies = 1.0 / at::pow(at::Scalar(config.rope_theta), exponents);
  const at::Tensor angles = at::outer(at::arange(length, at::kFloat), frequencies);
  return {at::cos(angles).to(device), at::sin(angles).to(device)};
}

LoadSpec text_encoder_load_spec(at::Device device, at::ScalarType dtype) {
  return {text_encoder_layout(dtype_of(dtype)), device};
}

TextEncoderLayer::TextEncoderLayer(const ParamView& params, const TextEncoderConfig& config)
    : params_(params), config_(&config), branch_scale_(nn::residual_branch_scale(params.dtype())) {}

at::Tensor TextEncoderLayer::mix(const at::Tensor& h, const kernels::RopeTable& rope) const {
  const ParamView params = params_.sub("self_attn");
  const std::int64_t heads = config_->num_attention_heads, groups = config_->num_key_value_heads;
  const at::Tensor qkv =
      nn::linear(h, params["qkv_proj.weight"]).unflatten(-1, {heads + 2 * groups, config_->head_dim});
  kernels::norm_rope_(qkv, {heads, groups, params["q_norm.weight"], params["k_norm.weight"], config_->rms_norm_eps},
                      rope, kernels::RopePairs::halves);
  return nn::attention(qkv.narrow(1, 0, heads), qkv.narrow(1, heads, groups), qkv.narrow(1, heads + groups, groups),
                       nn::Mask::causal, config_->attention);
}

at::Tensor TextEncoderLayer::feed_forward(const at::Tensor& h) const {
  const ParamView params = params_.sub("mlp");
  at::Tensor gate_up = nn::linear(h, params["gate_up_proj.weight"]);
  const at::Tensor product = kernels::silu_mul(gate_up, branch_scale_.ffn_product);
  gate_up.reset();
  return nn::scaled_linear(product, params["down_proj.weight"], branch_scale_.ffn_output);
}

at::Tensor TextEncoderLayer::finish_(const at::Tensor& x, const at::Tensor& mixed, const at::Tensor& next_in) const {
  const double eps = config_->rms_norm_eps;
  const at::Tensor out = nn::scaled_linear(mixed, params_["self_attn.o_proj.weight"], branch_scale_.attention);
  const at::Tensor g =
      kernels::add_scaled_(x, out, 1 / branch_scale_.attention, {params_["post_attention_layernorm.weight"], eps});
  return kernels::add_scaled_(x, feed_forward(g), 1 / branch_scale_.ffn(), {next_in, eps});
}

at::Tensor TextEncoderLayer::forward_(const at::Tensor& x, const at::Tensor& h, const kernels::RopeTable& rope,
                                      const at::Tensor& next_in) const {
  const at::Tensor mixed = mix(h, rope);
  const std::int64_t rows = config_->levers.rows_per_chunk;
  if (rows == 0) return finish_(x, mixed, next_in);
  nn::for_each_chunk(x.size(0), rows, [&](std::int64_t first, std::int64_t count) {
    finish_(x.narrow(0, first, count), mixed.narrow(0, first, count), /*next_in=*/{});
  });
  return next_in.defined() ? kernels::rms_norm(x, {next_in, config_->rms_norm_eps}, params_.dtype()) : at::Tensor();
}

TextEncoder::TextEncoder(const TextEncoderConfig& config, const ComponentFiles& files, WeightStore weights)
    : config_(config),
      embedding_(*files.find(kEmbedding)),
      weights_(std::move(weights)),
      rope_(text_rope(kMaxTokens, config, weights_.device())) {}

TextEncoder::TextEncoder(const TextEncoderConfig& config, const ComponentFiles& files, at::Device device,
                         at::ScalarType dtype)
    : TextEncoder(config, files, WeightStore(files, text_encoder_load_spec(device, dtype))) {}

Visits TextEncoder::visits() const {
  Visits visits;
  for (std::int64_t i = 0; i < layers(); ++i) visits.push_back(weights_.unit("layers." + std::to_string(i)));
  return visits;
}

const at::Tensor& TextEncoder::norm_in(std::int64_t layer) const {
  return weights_.get("layers." + std::to_string(layer) + ".input_layernorm.weight");
}

std::vector<TextEncoder::Passing> TextEncoder::enter(const std::vector<TokenIds>& prompts) const {
  std::vector<Passing> passing;
  for (const TokenIds& ids : prompts) {
    const at::Tensor x = embedding_.read(ids).to(weights_.device()).to(at::kFloat);
    passing.push_back({x,
                       kernels::rms_norm(x, {norm_in(0), config_.rms_norm_eps}, weights_.dtype()),
                       {rope_.cos.narrow(0, 0, x.size(0)), rope_.sin.narrow(0, 0, x.size(0))}});
  }
  return passing;
}

std::vector<at::Tensor> TextEncoder::forward_each(std::vector<Passing> passing) const {
  const ParamView stack(weights_, "layers.");
  for (std::int64_t i = 0; i < layers(); ++i) {
    const std::string name = std::to_string(i);
    const Lease lease = stack.acquire(name);
    const TextEncoderLayer layer(stack.sub(name), config_);
    const at::Tensor next_in = i + 1 < layers() ? norm_in(i + 1) : at::Tensor();
    for (Passing& p : passing) p.h = layer.forward_(p.x, p.h, p.rope, next_in);
  }
  std::vector<at::Tensor> embeds;
  for (const Passing& p : passing) embeds.push_back(p.x);
  return embeds;
}

at::Tensor TextEncoder::forward(const TokenIds& ids) const { return forward_each(enter({ids})).front(); }

}  // namespace zimage
