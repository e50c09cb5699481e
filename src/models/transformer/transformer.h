// The Z-Image transformer (S3-DiT): one evaluation turns noisy latents and captions into velocities, of one image or of
// several that have one size and one timestep. Images share what works on each token by itself; attention, and with it
// everything that they could learn of each other, stays within an image and its caption.
#pragma once

#include "models/transformer/positions.h"
#include "models/transformer/timestep.h"

namespace zimage {

// Prompts as the transformer's joint sequences hold them: independent of timestep and image size, made once per prompt.
struct CaptionContext {
  at::Tensor tokens;    // [sum of the padded lengths, dim] float32
  Sequences sequences;  // one for each prompt
};

// Where the tokens of the joint sequences stand: of images of one size, each beside its caption.
struct SequencePositions {
  Sequences images, joint;
};

class Transformer {
 public:
  Transformer(const TransformerConfig& config, WeightStore weights);
  Transformer(const TransformerConfig& config, const ComponentFiles& files, const LoadSpec& spec);
  Transformer(const Transformer&) = delete;
  Transformer& operator=(const Transformer&) = delete;

  // Of prepare_captions, of prepare_steps with these sigmas where it was called with `before` last, and of forward.
  Visits caption_visits() const;
  Visits schedule_visits(const std::vector<float>& sigmas, const std::vector<float>& before) const;
  Visits evaluation_visits() const;

  // prompt_embeds: [L, cap_feat_dim] each, L their own → the captions through their embedder and refiner.
  CaptionContext prepare_captions(const std::vector<at::Tensor>& prompt_embeds) const;

  // The timestep-dependent norms of every evaluation; sigmas without the final 0. Those of the last schedule are kept:
  // a run of images shares one.
  const std::vector<StepNorms>& prepare_steps(const std::vector<float>& sigmas) const;
  // Of the last schedule; empty before the first.
  const std::vector<float>& prepared_sigmas() const { return sigmas_; }

  // height, width: of the latents.
  SequencePositions prepare_positions(std::int64_t height, std::int64_t width, const CaptionContext& captions) const;

  // The model's output, [B, C, H, W] float32, for latents [B, C, H, W] float32 and B captions; the velocity is its
  // negative. Source: ZImageTransformer2DModel.forward for one item.
  at::Tensor forward(const at::Tensor& latents, const StepNorms& step, const CaptionContext& captions,
                     const SequencePositions& positions) const;

 private:
  Visits stack_visits(const std::string& stack, std::int64_t blocks) const;
  // The images' tokens one behind the other: [B · image_padded, dim] of the weights' type.
  at::Tensor embed(const at::Tensor& latents) const;
  // The joint sequences, each image's tokens refined: [N, dim] float32.
  at::Tensor enter(const at::Tensor& latents, const StepNorms& step, const CaptionContext& captions,
                   const SequencePositions& positions) const;
  // Of the images' last hidden states: [B, C, H, W] float32.
  at::Tensor project(const at::Tensor& images, const at::Tensor& final_scale, at::IntArrayRef latent_shape) const;

  TransformerConfig config_;
  WeightStore weights_;
  ParamView params_;
  mutable std::vector<float> sigmas_;
  mutable std::vector<StepNorms> steps_;  // of sigmas_
};

// Its weights alone, all resident on one device.
LoadSpec transformer_load_spec(at::Device device, at::ScalarType dtype);

}  // namespace zimage
