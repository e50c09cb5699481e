#include "models/transformer/transformer.h"

#include "kernels/layer_norm.h"
#include "kernels/rms_norm.h"
#include "models/transformer/patches.h"
#include "nn/linear.h"
#include "runtime/scalar_type.h"

namespace zimage {
namespace {

constexpr double kFinalNormEps = 1e-6;

// Rows of `token` behind x, up to a multiple of the sequence length's.
at::Tensor pad_sequence(const at::Tensor& x, const at::Tensor& token) {
  const std::int64_t missing = padded_length(x.size(0)) - x.size(0);
  if (missing == 0) return x;
  return at::cat({x, token.to(x.scalar_type()).expand({missing, x.size(1)})});
}

}  // namespace

LoadSpec transformer_load_spec(at::Device device, at::ScalarType dtype) {
  return {transformer_layout(dtype_of(dtype)), device};
}

Transformer::Transformer(const TransformerConfig& config, WeightStore weights)
    : config_(config), weights_(std::move(weights)), params_(weights_) {}

Transformer::Transformer(const TransformerConfig& config, const ComponentFiles& files, const LoadSpec& spec)
    : Transformer(config, WeightStore(files, spec)) {}

Visits Transformer::stack_visits(const std::string& stack, std::int64_t blocks) const {
  Visits visits;
  for (std::int64_t i = 0; i < blocks; ++i) visits.push_back(weights_.unit(stack + "." + std::to_string(i)));
  return visits;
}

Visits Transformer::caption_visits() const { return stack_visits("context_refiner", config_.n_refiner_layers); }

Visits Transformer::schedule_visits(const std::vector<float>& sigmas) const {
  return sigmas == sigmas_ ? Visits() : Visits{weights_.unit("modulation")};
}

Visits Transformer::evaluation_visits() const {
  Visits visits = stack_visits("noise_refiner", config_.n_refiner_layers);
  const Visits layers = stack_visits("layers", config_.n_layers);
  visits.insert(visits.end(), layers.begin(), layers.end());
  return visits;
}

CaptionContext Transformer::prepare_caption(const at::Tensor& prompt_embeds) const {
  const ParamView embedder = params_.sub("cap_embedder");
  const at::Tensor normed = kernels::rms_norm(prompt_embeds, {embedder["0.weight"], config_.norm_eps}, params_.dtype());
  const at::Tensor x =
      pad_sequence(nn::linear(normed, embedder["1.weight"], embedder["1.bias"]), params_["cap_pad_token"])
          .to(at::kFloat);
  const kernels::RopeTable rope = caption_rope(x.size(0), config_, params_.device());
  const ParamView refiner = params_.sub("context_refiner");
  std::vector<BlockNorms> norms;
  for (std::int64_t i = 0; i < config_.n_refiner_layers; ++i)
    norms.push_back(plain_norms(refiner.sub(std::to_string(i))));
  run_blocks_(x, rope, refiner, norms, config_);
  return {x, rope};
}

const std::vector<StepNorms>& Transformer::prepare_steps(const std::vector<float>& sigmas) const {
  if (sigmas != sigmas_) {
    steps_ = step_norms(params_, config_, sigmas);
    sigmas_ = sigmas;
  }
  return steps_;
}

SequencePositions Transformer::prepare_positions(std::int64_t height, std::int64_t width,
                                                 const CaptionContext& caption) const {
  const TokenGrid grid{height / config_.patch_size, width / config_.patch_size, caption.tokens.size(0)};
  const kernels::RopeTable image = image_rope(grid, config_, params_.device());
  return {image, joint_rope(image, caption.rope)};
}

at::Tensor Transformer::forward(const at::Tensor& latents, const StepNorms& step, const CaptionContext& caption,
                                const SequencePositions& positions) const {
  const ParamView embedder = params_.sub("all_x_embedder.2-1"),
                  final_linear = params_.sub("all_final_layer.2-1.linear");
  const std::int64_t image_tokens = positions.image.cos.size(0), caption_tokens = caption.tokens.size(0);
  const at::Tensor x = at::empty({image_tokens + caption_tokens, config_.dim}, caption.tokens.options());
  const at::Tensor image = x.narrow(0, 0, image_tokens);

  const at::Tensor patches = patchify(latents, config_.patch_size).to(params_.dtype());
  image.copy_(pad_sequence(nn::linear(patches, embedder["weight"], embedder["bias"]), params_["x_pad_token"]));
  run_blocks_(image, positions.image, params_.sub("noise_refiner"), step.noise_refiner, config_);
  x.narrow(0, image_tokens, caption_tokens).copy_(caption.tokens);
  run_blocks_(x, positions.joint, params_.sub("layers"), step.layers, config_);

  const at::Tensor h = kernels::layer_norm(image, step.final_scale, kFinalNormEps, params_.dtype());
  const at::Tensor out = nn::linear(h, final_linear["weight"], final_linear["bias"]);
  return unpatchify(out.to(at::kFloat), latents.sizes(), config_.patch_size);
}

}  // namespace zimage
