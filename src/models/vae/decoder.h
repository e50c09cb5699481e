// The VAE's decoder (AutoencoderKL, Flux shape): latents to pixels.
// Source: diffusers' Decoder, ResnetBlock2D and Attention (models/autoencoders/vae.py).
#pragma once

#include "plan/model_config.h"
#include "runtime/weight_store.h"

namespace zimage {

class VaeDecoder {
 public:
  VaeDecoder(const VaeConfig& config, const ComponentFiles& files, at::Device device, at::ScalarType dtype,
             WeightReader* reader = nullptr);

  // latents: [C, H, W] float32, as the transformer leaves them. Returns [3, 8H, 8W] float32, clamped to [0, 1].
  at::Tensor forward(const at::Tensor& latents) const;

 private:
  VaeConfig config_;
  WeightStore weights_;
};

}  // namespace zimage
