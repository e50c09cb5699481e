// The Z-Image transformer (S3-DiT): one evaluation turns noisy latents and a caption into a velocity.
#pragma once

#include "models/transformer/positions.h"
#include "models/transformer/timestep.h"

namespace zimage {

// A prompt as the transformer's joint sequence holds it: independent of timestep and image size, made once per prompt.
struct CaptionContext {
  at::Tensor tokens;  // [padded_length, dim] float32
  kernels::RopeTable rope;
};

// Where the tokens of the joint sequence stand: of one image size beside one caption.
struct SequencePositions {
  kernels::RopeTable image, joint;
};

class Transformer {
 public:
  Transformer(const TransformerConfig& config, WeightStore weights);
  Transformer(const TransformerConfig& config, const ComponentFiles& files, const LoadSpec& spec);
  Transformer(const Transformer&) = delete;
  Transformer& operator=(const Transformer&) = delete;

  // Of prepare_caption, of prepare_steps with these sigmas, and of forward.
  Visits caption_visits() const;
  Visits schedule_visits(const std::vector<float>& sigmas) const;
  Visits evaluation_visits() const;

  // prompt_embeds: [L, cap_feat_dim] → the caption through its embedder and refiner.
  CaptionContext prepare_caption(const at::Tensor& prompt_embeds) const;

  // The timestep-dependent norms of every evaluation; sigmas without the final 0. Those of the last schedule are kept:
  // a run of images shares one.
  const std::vector<StepNorms>& prepare_steps(const std::vector<float>& sigmas) const;

  // height, width: of the latents.
  SequencePositions prepare_positions(std::int64_t height, std::int64_t width, const CaptionContext& caption) const;

  // The model's output, [C, H, W] float32, for latents [C, H, W] float32; the velocity is its negative.
  // Source: ZImageTransformer2DModel.forward for one item.
  at::Tensor forward(const at::Tensor& latents, const StepNorms& step, const CaptionContext& caption,
                     const SequencePositions& positions) const;

 private:
  Visits stack_visits(const std::string& stack, std::int64_t blocks) const;

  TransformerConfig config_;
  WeightStore weights_;
  ParamView params_;
  mutable std::vector<float> sigmas_;
  mutable std::vector<StepNorms> steps_;  // of sigmas_
};

// Its weights alone, all resident on one device.
LoadSpec transformer_load_spec(at::Device device, at::ScalarType dtype);

}  // namespace zimage
