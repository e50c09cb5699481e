#include "models/vae/layers.h"

#include "nn/attention.h"
#include "nn/linear.h"

namespace zimage::vae {
namespace {

constexpr double kGroupNormEps = 1e-6;

}  // namespace

at::Tensor conv(const at::Tensor& x, const ParamView& params) {
  const at::Tensor& weight = params["weight"];
  return at::conv2d(x, weight, params["bias"], /*stride=*/1, /*padding=*/weight.size(-1) / 2);
}

at::Tensor group_norm(const at::Tensor& x, const ParamView& params, std::int64_t groups) {
  return at::group_norm(x, groups, params["weight"], params["bias"], kGroupNormEps);
}

at::Tensor resnet(const at::Tensor& x, const ParamView& params, std::int64_t groups, bool has_shortcut) {
  at::Tensor h = conv(at::silu(group_norm(x, params.sub("norm1"), groups)), params.sub("conv1"));
  h = conv(at::silu(group_norm(h, params.sub("norm2"), groups)), params.sub("conv2"));
  return (has_shortcut ? conv(x, params.sub("conv_shortcut")) : x) + h;
}

at::Tensor attention(const at::Tensor& x, const ParamView& params, std::int64_t groups) {
  const std::int64_t channels = x.size(1);
  const at::Tensor normed = group_norm(x, params.sub("group_norm"), groups);
  const at::Tensor tokens = normed.flatten(2).squeeze(0).t().contiguous();  // [H·W, C]
  const auto project = [&](const char* name) {
    const ParamView p = params.sub(name);
    return nn::linear(tokens, p["weight"], p["bias"]).view({-1, 1, channels});
  };
  const at::Tensor mixed = nn::attention(project("to_q"), project("to_k"), project("to_v"), nn::Mask::none);
  const ParamView out = params.sub("to_out.0");
  return x + nn::linear(mixed, out["weight"], out["bias"]).t().reshape(x.sizes());
}

at::Tensor upsample(const at::Tensor& x, const ParamView& params) {
  return conv(at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2}), params);
}

}  // namespace zimage::vae
