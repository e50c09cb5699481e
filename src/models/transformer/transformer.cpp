#include "models/transformer/transformer.h"

#include "kernels/layer_norm.h"
#include "kernels/rms_norm.h"
#include "models/transformer/patches.h"
#include "nn/linear.h"
#include "runtime/scalar_type.h"

namespace zimage {
namespace {

constexpr double kFinalNormEps = 1e-6;

// x: [B, N, dim]. Rows of `token` behind each of the B, up to a multiple of the sequence length's.
at::Tensor pad_sequences(const at::Tensor& x, const at::Tensor& token) {
  const std::int64_t missing = padded_length(x.size(1)) - x.size(1);
  if (missing == 0) return x;
  return at::cat({x, token.to(x.scalar_type()).expand({x.size(0), missing, x.size(2)})}, 1);
}

// From all images and then all captions to each image and its caption. Of one of each the same.
at::Tensor join(const at::Tensor& x, const Sequences& images, const Sequences& captions) {
  const std::size_t count = images.lengths.size();
  if (count == 1) return x;
  std::vector<std::int64_t> lengths = images.lengths;
  lengths.insert(lengths.end(), captions.lengths.begin(), captions.lengths.end());
  const auto parts = x.split_with_sizes(lengths);
  std::vector<at::Tensor> joint;
  for (std::size_t i = 0; i < count; ++i) joint.insert(joint.end(), {parts[i], parts[count + i]});
  return at::cat(joint);
}

// The images' tokens of the joint sequences, one behind the other; no copy of a single one's.
at::Tensor images_of(const at::Tensor& x, const SequencePositions& positions) {
  std::vector<at::Tensor> images;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < positions.joint.lengths.size(); ++i) {
    images.push_back(x.narrow(0, first, positions.images.lengths[i]));
    first += positions.joint.lengths[i];
  }
  return images.size() == 1 ? images.front() : at::cat(images);
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

Visits Transformer::schedule_visits(const std::vector<float>& sigmas, const std::vector<float>& before) const {
  return sigmas == before ? Visits() : Visits{weights_.unit("modulation")};
}

Visits Transformer::evaluation_visits() const {
  Visits visits = stack_visits("noise_refiner", config_.n_refiner_layers);
  const Visits layers = stack_visits("layers", config_.n_layers);
  visits.insert(visits.end(), layers.begin(), layers.end());
  return visits;
}

CaptionContext Transformer::prepare_captions(const std::vector<at::Tensor>& prompt_embeds) const {
  const ParamView embedder = params_.sub("cap_embedder"), refiner = params_.sub("context_refiner");
  std::vector<at::Tensor> captions;
  std::vector<kernels::RopeTable> ropes;
  for (const at::Tensor& embeds : prompt_embeds) {
    const at::Tensor normed = kernels::rms_norm(embeds, {embedder["0.weight"], config_.norm_eps}, params_.dtype());
    const at::Tensor tokens = nn::linear(normed, embedder["1.weight"], embedder["1.bias"]).unsqueeze(0);
    captions.push_back(pad_sequences(tokens, params_["cap_pad_token"]).squeeze(0).to(at::kFloat));
    ropes.push_back(caption_rope(captions.back().size(0), config_, params_.device()));
  }
  const CaptionContext context{at::cat(captions), sequences_of(ropes)};
  std::vector<BlockNorms> norms;
  for (std::int64_t i = 0; i < config_.n_refiner_layers; ++i)
    norms.push_back(plain_norms(refiner.sub(std::to_string(i))));
  run_blocks_(context.tokens, context.sequences, refiner, norms, config_);
  return context;
}

const std::vector<StepNorms>& Transformer::prepare_steps(const std::vector<float>& sigmas) const {
  if (sigmas != sigmas_) {
    steps_ = step_norms(params_, config_, sigmas);
    sigmas_ = sigmas;
  }
  return steps_;
}

SequencePositions Transformer::prepare_positions(std::int64_t height, std::int64_t width,
                                                 const CaptionContext& captions) const {
  const kernels::RopeTable& all = captions.sequences.rope;
  std::vector<kernels::RopeTable> images, joint;
  std::int64_t first = 0;
  for (const std::int64_t caption : captions.sequences.lengths) {
    const TokenGrid grid{height / config_.patch_size, width / config_.patch_size, caption};
    images.push_back(image_rope(grid, config_, params_.device()));
    joint.push_back(joint_rope(images.back(), {all.cos.narrow(0, first, caption), all.sin.narrow(0, first, caption)}));
    first += caption;
  }
  return {sequences_of(images), sequences_of(joint)};
}

at::Tensor Transformer::embed(const at::Tensor& latents) const {
  const ParamView embedder = params_.sub("all_x_embedder.2-1");
  const at::Tensor patches = patchify(latents, config_.patch_size).to(params_.dtype());
  const at::Tensor tokens = nn::linear(patches.flatten(0, 1), embedder["weight"], embedder["bias"]);
  return pad_sequences(tokens.unflatten(0, {latents.size(0), -1}), params_["x_pad_token"]).flatten(0, 1);
}

at::Tensor Transformer::project(const at::Tensor& images, const at::Tensor& final_scale,
                                at::IntArrayRef latent_shape) const {
  const ParamView linear = params_.sub("all_final_layer.2-1.linear");
  const at::Tensor h = kernels::layer_norm(images, final_scale, kFinalNormEps, params_.dtype());
  const at::Tensor out = nn::linear(h, linear["weight"], linear["bias"]).to(at::kFloat);
  return unpatchify(out.unflatten(0, {latent_shape[0], -1}), latent_shape, config_.patch_size);
}

at::Tensor Transformer::enter(const at::Tensor& latents, const StepNorms& step, const CaptionContext& captions,
                              const SequencePositions& positions) const {
  const std::int64_t image_tokens = positions.images.rope.cos.size(0), caption_tokens = captions.tokens.size(0);
  const at::Tensor x = at::empty({image_tokens + caption_tokens, config_.dim}, captions.tokens.options());
  const at::Tensor images = x.narrow(0, 0, image_tokens);
  images.copy_(embed(latents));
  run_blocks_(images, positions.images, params_.sub("noise_refiner"), step.noise_refiner, config_);
  x.narrow(0, image_tokens, caption_tokens).copy_(captions.tokens);
  return join(x, positions.images, captions.sequences);
}

at::Tensor Transformer::forward(const at::Tensor& latents, const StepNorms& step, const CaptionContext& captions,
                                const SequencePositions& positions) const {
  const at::Tensor x = enter(latents, step, captions, positions);
  run_blocks_(x, positions.joint, params_.sub("layers"), step.layers, config_);
  return project(images_of(x, positions), step.final_scale, latents.sizes());
}

}  // namespace zimage
