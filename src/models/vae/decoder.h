// The VAE's decoder (AutoencoderKL, Flux shape): latents to pixels.
// Source: diffusers' Decoder, ResnetBlock2D and Attention (models/autoencoders/vae.py).
#pragma once

#include "models/vae/layers.h"
#include "plan/model_config.h"
#include "runtime/weight_store.h"

namespace zimage {

class VaeDecoder {
 public:
  VaeDecoder(const VaeConfig& config, const ComponentFiles& files, at::Device device, at::ScalarType dtype,
             WeightReader* reader = nullptr);

  // latents: [C, H, W] float32, as the transformer leaves them. Returns [3, 8H, 8W] float32, clamped to [0, 1].
  at::Tensor forward(const at::Tensor& latents) const;

  // The same as bytes on the host, [8H, 8W, 3]. Throws Error(numeric) when a pixel is not finite.
  at::Tensor decode(const at::Tensor& latents) const;

 private:
  // Takes the most memory that is needed at one time, the largest image before and after its upsampler's convolution,
  // and gives it back: the caching allocator carves every smaller image from those two, where it would otherwise keep
  // three quarters as much again in pieces of all sizes.
  void claim_memory(const at::Tensor& latents) const;
  // What the last convolution leaves, without its bias.
  at::Tensor run(const at::Tensor& latents) const;
  // The resnets of up_blocks.`level`, the last one's sum still to be made.
  vae::Residual run_level(vae::Activation a, std::int64_t level) const;
  const at::Tensor& last_bias() const { return weights_.get("decoder.conv_out.bias"); }

  VaeConfig config_;
  WeightStore weights_;
  kernels::GroupSpec norm_;
};

}  // namespace zimage
