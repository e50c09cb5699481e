#include "models/transformer/transformer.h"

#include "kernels/rms_norm.h"
#include "models/transformer/patches.h"
#include "nn/linear.h"

namespace zimage {
namespace {

constexpr double kFinalNormEps = 1e-6;

// Rows of `token` behind x, up to a multiple of the sequence length's.
at::Tensor pad_sequence(const at::Tensor& x, const at::Tensor& token) {
  const std::int64_t missing = padded_length(x.size(0)) - x.size(0);
  if (missing == 0) return x.to(at::kFloat);
  return at::cat({x.to(at::kFloat), token.to(at::kFloat).expand({missing, x.size(1)})});
}

}  // namespace

LoadSpec transformer_load_spec(at::Device device, at::ScalarType dtype) {
  LoadSpec spec;
  spec.packings = {{{".to_q.weight", ".to_k.weight", ".to_v.weight"}, ".to_qkv.weight"},
                   {{".w1.weight", ".w3.weight"}, ".w13.weight"}};
  spec.device = device;
  spec.dtype = dtype;
  return spec;
}

Transformer::Transformer(const TransformerConfig& config, const ComponentFiles& files, const LoadSpec& spec,
                         const LoadProgress& progress)
    : config_(config), weights_(files, spec, progress), params_(weights_) {}

CaptionContext Transformer::prepare_caption(const at::Tensor& prompt_embeds) const {
  const ParamView embedder = params_.sub("cap_embedder");
  const at::Tensor normed = kernels::rms_norm(prompt_embeds, embedder["0.weight"], config_.norm_eps, params_.dtype());
  const at::Tensor x =
      pad_sequence(nn::linear(normed, embedder["1.weight"], embedder["1.bias"]), params_["cap_pad_token"]);
  const kernels::RopeTable rope = caption_rope(x.size(0), config_, params_.device());
  for (std::int64_t i = 0; i < config_.n_refiner_layers; ++i) {
    ContextBlock(params_.sub("context_refiner." + std::to_string(i)), config_).forward_(x, rope);
  }
  return {x, rope};
}

std::vector<StepModulations> Transformer::prepare_steps(const std::vector<float>& sigmas) const {
  return step_modulations(params_, config_, sigmas);
}

kernels::RopeTable Transformer::prepare_image(std::int64_t height, std::int64_t width,
                                              const CaptionContext& caption) const {
  const TokenGrid grid{height / config_.patch_size, width / config_.patch_size, caption.tokens.size(0)};
  return image_rope(grid, config_, params_.device());
}

at::Tensor Transformer::forward(const at::Tensor& latents, const StepModulations& step, const CaptionContext& caption,
                                const kernels::RopeTable& image_rope) const {
  const ParamView embedder = params_.sub("all_x_embedder.2-1"),
                  final_linear = params_.sub("all_final_layer.2-1.linear");
  const at::Tensor patches = patchify(latents, config_.patch_size).to(params_.dtype());
  const at::Tensor image =
      pad_sequence(nn::linear(patches, embedder["weight"], embedder["bias"]), params_["x_pad_token"]);
  for (std::size_t i = 0; i < step.noise_refiner.size(); ++i) {
    ModulatedBlock(params_.sub("noise_refiner." + std::to_string(i)), config_)
        .forward_(image, image_rope, step.noise_refiner[i]);
  }
  const at::Tensor x = at::cat({image, caption.tokens});
  const kernels::RopeTable rope = joint_rope(image_rope, caption.rope);
  for (std::size_t i = 0; i < step.layers.size(); ++i) {
    ModulatedBlock(params_.sub("layers." + std::to_string(i)), config_).forward_(x, rope, step.layers[i]);
  }
  const at::Tensor h =
      at::layer_norm(x.narrow(0, 0, image.size(0)), {config_.dim}, {}, {}, kFinalNormEps) * step.final_scale;
  const at::Tensor out = nn::linear(h.to(params_.dtype()), final_linear["weight"], final_linear["bias"]);
  return unpatchify(out.to(at::kFloat), latents.sizes(), config_.patch_size);
}

}  // namespace zimage
