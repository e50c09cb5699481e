#include "models/vae/layers.h"

#include "kernels/upsample.h"
#include "models/vae/attention.h"
#include "nn/linear.h"

namespace zimage::vae {
namespace {

// conv2(silu(norm2(conv1(a)))), without conv2's bias. Takes `a`, so that its memory is free for conv2's result.
at::Tensor branch(at::Tensor a, const ParamView& params, const kernels::GroupSpec& spec) {
  const ParamView conv1 = params.sub("conv1"), norm2 = params.sub("norm2");
  const at::Tensor h = convolve(a, conv1);
  a.reset();
  const at::Tensor moments = kernels::group_moments(h, conv1["bias"], spec);
  kernels::normalise_silu_(h, {moments, norm2["weight"], norm2["bias"], conv1["bias"]});
  return convolve(h, params.sub("conv2"));
}

}  // namespace

at::Tensor convolve(const at::Tensor& x, const ParamView& params) {
  const at::Tensor& weight = params["weight"];
  return at::conv2d(x, weight, /*bias=*/{}, /*stride=*/1, /*padding=*/weight.size(-1) / 2);
}

Activation add(Residual sum, const kernels::GroupSpec& spec) {
  at::Tensor moments = kernels::add_group_moments_(sum.x, sum.branch, sum.bias, spec);
  return {std::move(sum.x), std::move(moments)};
}

Activation conv(const at::Tensor& x, const ParamView& params, const kernels::GroupSpec& spec) {
  return add({convolve(x, params), {}, params["bias"]}, spec);
}

at::Tensor norm_silu(const Activation& in, const ParamView& params) {
  return kernels::normalise_silu(in.x, {in.moments, params["weight"], params["bias"]});
}

Residual resnet(Activation in, const ParamView& params, const kernels::GroupSpec& spec) {
  at::Tensor h = branch(norm_silu(in, params.sub("norm1")), params, spec);
  return {std::move(in.x), std::move(h), params["conv2.bias"]};
}

Residual resnet_with_shortcut(Activation in, const ParamView& params, const kernels::GroupSpec& spec) {
  const ParamView norm1 = params.sub("norm1");
  const at::Tensor shortcut = convolve(in.x, params.sub("conv_shortcut"));
  kernels::normalise_silu_(in.x, {in.moments, norm1["weight"], norm1["bias"]});
  return {shortcut, branch(std::move(in.x), params, spec), params["conv2.bias"] + params["conv_shortcut.bias"]};
}

Residual attention(Activation in, const ParamView& params) {
  const ParamView norm = params.sub("group_norm");
  const at::Tensor normed = kernels::normalise(in.x, {in.moments, norm["weight"], norm["bias"]});
  const at::Tensor tokens = normed.permute({0, 2, 3, 1}).flatten(0, 2);  // [H·W, C]; no copy of channels-last
  const auto project = [&](const char* name) {
    const ParamView p = params.sub(name);
    return nn::linear(tokens, p["weight"], p["bias"].to(tokens.scalar_type()));
  };
  const at::Tensor mixed = self_attention(project("to_q"), project("to_k"), project("to_v"));
  const at::Tensor out = nn::linear(mixed, params["to_out.0.weight"]).view({1, in.x.size(2), in.x.size(3), -1});
  const at::Tensor branch = out.permute({0, 3, 1, 2}).contiguous(in.x.suggest_memory_format());
  return {std::move(in.x), branch, params["to_out.0.bias"]};
}

Activation upsample(Residual sum, const ParamView& params, const kernels::GroupSpec& spec) {
  const at::Tensor larger = kernels::add_upsample(sum.x, sum.branch, sum.bias);
  sum = {};
  return conv(larger, params, spec);
}

}  // namespace zimage::vae
