// The initial noise of a run, in float32.
#pragma once

#include "zimage/request.h"

#include <ATen/ATen.h>

namespace zimage {

// Standard normal [channels, height, width] on `device`. NoiseSource::cpu: the bits of
// torch.randn((1, channels, height, width), generator=torch.Generator("cpu").manual_seed(seed)); cuda: torch's
// generator on that device.
at::Tensor initial_noise(at::IntArrayRef shape, std::uint64_t seed, NoiseSource source, at::Device device);

// Latents of a request or result to and from tensors [channels, height, width].
at::Tensor to_tensor(const Latents& latents, at::Device device);
Latents to_latents(const at::Tensor& tensor);

}  // namespace zimage
