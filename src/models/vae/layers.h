// The VAE's building blocks, as functions over views of resident weights. x: [1, C, H, W] of the weights' type.
#pragma once

#include "runtime/weight_store.h"

namespace zimage::vae {

// 3×3 (padding 1) or 1×1 (no padding) convolution with a bias, by the weight's shape.
at::Tensor conv(const at::Tensor& x, const ParamView& params);

// GroupNorm with affine weights, eps 1e-6.
at::Tensor group_norm(const at::Tensor& x, const ParamView& params, std::int64_t groups);

// x' = shortcut(x) + conv2(silu(norm2(conv1(silu(norm1(x)))))); the shortcut is a 1×1 convolution where channels
// change.
at::Tensor resnet(const at::Tensor& x, const ParamView& params, std::int64_t groups, bool has_shortcut);

// Single-head attention over all positions, added to x.
at::Tensor attention(const at::Tensor& x, const ParamView& params, std::int64_t groups);

// Nearest ×2, then a convolution.
at::Tensor upsample(const at::Tensor& x, const ParamView& params);

}  // namespace zimage::vae
