#include "models/vae/decoder.h"

#include "models/vae/layers.h"

namespace zimage {
namespace {

LoadSpec load_spec(at::Device device, at::ScalarType dtype) {
  LoadSpec spec;
  spec.wanted = [](std::string_view name) { return name.starts_with("decoder."); };
  spec.device = device;
  spec.dtype = spec.norm_dtype = dtype;
  return spec;
}

}  // namespace

VaeDecoder::VaeDecoder(const VaeConfig& config, const ComponentFiles& files, at::Device device, at::ScalarType dtype,
                       WeightReader* reader)
    : config_(config), weights_(files, load_spec(device, dtype), reader) {}

at::Tensor VaeDecoder::forward(const at::Tensor& latents) const {
  const ParamView decoder(weights_, "decoder."), mid = decoder.sub("mid_block");
  const std::int64_t groups = config_.norm_num_groups;
  const std::int64_t levels = static_cast<std::int64_t>(config_.block_out_channels.size());
  at::Tensor x = latents.unsqueeze(0).to(weights_.dtype()) / config_.scaling_factor + config_.shift_factor;

  x = vae::conv(x, decoder.sub("conv_in"));
  x = vae::resnet(x, mid.sub("resnets.0"), groups, false);
  x = vae::attention(x, mid.sub("attentions.0"), groups);
  x = vae::resnet(x, mid.sub("resnets.1"), groups, false);
  for (std::int64_t i = 0; i < levels; ++i) {
    const ParamView block = decoder.sub("up_blocks." + std::to_string(i));
    const std::int64_t channels = config_.block_out_channels[levels - 1 - i];
    for (std::int64_t j = 0; j < config_.layers_per_block + 1; ++j) {
      x = vae::resnet(x, block.sub("resnets." + std::to_string(j)), groups, x.size(1) != channels);
    }
    if (i + 1 < levels) x = vae::upsample(x, block.sub("upsamplers.0.conv"));
  }
  x = vae::conv(at::silu(vae::group_norm(x, decoder.sub("conv_norm_out"), groups)), decoder.sub("conv_out"));
  return (x * 0.5 + 0.5).clamp(0, 1).squeeze(0).to(at::kFloat);
}

}  // namespace zimage
