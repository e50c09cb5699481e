// Latent images to token rows and back: 2×2 patches in the order (row, column), each (ph, pw, channel).
#pragma once

#include <ATen/ATen.h>

namespace zimage {

// latents: [B, C, H, W] → [B, H/p · W/p, p·p·C]
at::Tensor patchify(const at::Tensor& latents, std::int64_t patch);

// tokens: [B, ≥ H/p · W/p, p·p·C], further rows ignored → [B, C, H, W]
at::Tensor unpatchify(const at::Tensor& tokens, at::IntArrayRef latent_shape, std::int64_t patch);

}  // namespace zimage
