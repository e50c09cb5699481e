// The VAE's building blocks, as functions over views of resident weights. Images are [1, C, H, W] of the weights' type.
// A convolution leaves its bias to whatever reads its result next: there it costs no pass over memory.
#pragma once

#include "kernels/group_norm.h"
#include "runtime/weight_store.h"

namespace zimage::vae {

// An image with the moments of its groups, which the next GroupNorm needs.
struct Activation {
  at::Tensor x, moments;
};

// A block's result before its last addition: x + branch + bias. branch may be undefined.
struct Residual {
  at::Tensor x, branch, bias;
};

// 3×3 (padding 1) or 1×1 (no padding), by the weight's shape; without the bias.
at::Tensor convolve(const at::Tensor& x, const ParamView& params);

// The sum, in x's memory.
Activation add(Residual sum, const kernels::GroupSpec& spec);

// Convolution and bias.
Activation conv(const at::Tensor& x, const ParamView& params, const kernels::GroupSpec& spec);

// SiLU of GroupNorm.
at::Tensor norm_silu(const Activation& in, const ParamView& params);

// x + conv2(silu(norm2(conv1(silu(norm1(x)))))); x goes through the 1×1 convolution conv_shortcut where channels
// change.
Residual resnet(Activation in, const ParamView& params, const kernels::GroupSpec& spec);
Residual resnet_with_shortcut(Activation in, const ParamView& params, const kernels::GroupSpec& spec);

// Single-head attention over all positions, added to x.
Residual attention(Activation in, const ParamView& params);

// Nearest ×2 of the sum, then a convolution.
Activation upsample(Residual sum, const ParamView& params, const kernels::GroupSpec& spec);

}  // namespace zimage::vae
