// The VAE's decoder (AutoencoderKL, Flux shape): latents to pixels.
// Source: diffusers' Decoder, ResnetBlock2D and Attention (models/autoencoders/vae.py).
#pragma once

#include "models/vae/layers.h"
#include "plan/model_config.h"
#include "runtime/weight_store.h"

namespace zimage {

// Its weights as its convolutions on this device want them.
LayoutSpec vae_decoder_layout(at::Device device, at::ScalarType dtype);

class VaeDecoder {
 public:
  VaeDecoder(const VaeConfig& config, WeightStore weights);
  VaeDecoder(const VaeConfig& config, const ComponentFiles& files, at::Device device, at::ScalarType dtype);

  // Over the same weights, with other levers.
  VaeDecoder with(const plan::VaeLevers& levers) const;

  // Of one image.
  Visits visits() const { return {weights_.unit("rest")}; }

  // latents: [C, H, W] float32, as the transformer leaves them. Returns [3, 8H, 8W] float32, clamped to [0, 1].
  at::Tensor forward(const at::Tensor& latents) const;

  // The same as bytes on the host, [8H, 8W, 3]. Throws Error(numeric) when a pixel is not finite.
  at::Tensor decode(const at::Tensor& latents) const;

 private:
  // Takes pieces of memory of so many bytes and gives them back: the caching allocator carves everything smaller from
  // these, where it would otherwise keep pieces of all sizes, of which no two make a large one.
  void claim_memory(std::initializer_list<std::int64_t> bytes) const;
  std::int64_t element_bytes() const;
  // What the last convolution leaves, without its bias, by the levers' choice.
  at::Tensor run(const at::Tensor& latents) const;
  // Each layer at once. Most memory: the largest image before and after its upsampler's convolution.
  at::Tensor run_whole(const at::Tensor& latents) const;
  // All levels but the first by strips. Most memory: plan::strips_bytes.
  at::Tensor run_strips(const at::Tensor& latents) const;
  // To the end of the first level, the last one's sum still to be made.
  vae::Residual start(const at::Tensor& latents) const;
  // The resnets of up_blocks.`level`, the last one's sum still to be made.
  vae::Residual run_level(vae::Activation a, std::int64_t level) const;
  ParamView upsampler(std::int64_t level) const;
  std::vector<std::int64_t> level_channels() const;  // the deepest first
  const at::Tensor& last_bias() const { return weights_.get("decoder.conv_out.bias"); }

  VaeConfig config_;
  WeightStore weights_;
  kernels::GroupSpec norm_;
};

}  // namespace zimage
