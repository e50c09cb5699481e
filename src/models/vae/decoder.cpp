#include "models/vae/decoder.h"

#include "zimage/error.h"

#include "kernels/image.h"

#include <algorithm>

namespace zimage {
namespace {

constexpr double kGroupNormEps = 1e-6;

// cuDNN's 16-bit convolutions are made for channels-last; in float32 it would transpose every image forth and back.
at::MemoryFormat memory_format(at::Device device, at::ScalarType dtype) {
  const bool tensor_cores = device.is_cuda() && dtype != at::kFloat;
  return tensor_cores ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

LoadSpec load_spec(at::Device device, at::ScalarType dtype) {
  LoadSpec spec;
  spec.wanted = [](std::string_view name) { return name.starts_with("decoder."); };
  spec.device = device;
  spec.dtype = dtype;
  spec.norm_dtype = at::kFloat;
  spec.bias_dtype = at::kFloat;
  spec.image_format = memory_format(device, dtype);
  return spec;
}

}  // namespace

VaeDecoder::VaeDecoder(const VaeConfig& config, const ComponentFiles& files, at::Device device, at::ScalarType dtype,
                       WeightReader* reader)
    : config_(config),
      weights_(files, load_spec(device, dtype), reader),
      norm_{config.norm_num_groups, kGroupNormEps} {}

void VaeDecoder::claim_memory(const at::Tensor& latents) const {
  const std::vector<std::int64_t>& channels = config_.block_out_channels;
  std::int64_t largest = 0, pixels = latents.size(1) * latents.size(2);
  for (auto level = channels.rbegin() + 1; level != channels.rend(); ++level) {
    pixels *= 4;
    largest = std::max(largest, level[-1] * pixels);
  }
  const auto options = at::device(weights_.device()).dtype(weights_.dtype());
  const at::Tensor before = at::empty({largest}, options), after = at::empty({largest}, options);
}

at::Tensor VaeDecoder::run(const at::Tensor& latents) const {
  if (weights_.device().is_cuda()) claim_memory(latents);
  const ParamView decoder(weights_, "decoder."), mid = decoder.sub("mid_block");
  const std::int64_t levels = static_cast<std::int64_t>(config_.block_out_channels.size());
  const at::Tensor z = latents.unsqueeze(0).to(weights_.dtype()) / config_.scaling_factor + config_.shift_factor;

  const at::MemoryFormat format = memory_format(weights_.device(), weights_.dtype());
  vae::Activation a = vae::conv(z.contiguous(format), decoder.sub("conv_in"), norm_);
  a = vae::add(vae::resnet(std::move(a), mid.sub("resnets.0"), norm_), norm_);
  a = vae::add(vae::attention(std::move(a), mid.sub("attentions.0")), norm_);
  a = vae::add(vae::resnet(std::move(a), mid.sub("resnets.1"), norm_), norm_);
  for (std::int64_t i = 0; i < levels; ++i) {
    vae::Residual sum = run_level(std::move(a), i);
    const std::string upsampler = "up_blocks." + std::to_string(i) + ".upsamplers.0.conv";
    a = i + 1 < levels ? vae::upsample(std::move(sum), decoder.sub(upsampler), norm_) : vae::add(std::move(sum), norm_);
  }
  return vae::convolve(vae::norm_silu(a, decoder.sub("conv_norm_out")), decoder.sub("conv_out"));
}

vae::Residual VaeDecoder::run_level(vae::Activation a, std::int64_t level) const {
  const ParamView block(weights_, "decoder.up_blocks." + std::to_string(level) + ".");
  const std::int64_t channels = *(config_.block_out_channels.rbegin() + level);
  vae::Residual sum;
  for (std::int64_t j = 0; j < config_.layers_per_block + 1; ++j) {
    if (j > 0) a = vae::add(std::move(sum), norm_);
    const ParamView params = block.sub("resnets." + std::to_string(j));
    sum = a.x.size(1) == channels ? vae::resnet(std::move(a), params, norm_)
                                  : vae::resnet_with_shortcut(std::move(a), params, norm_);
  }
  return sum;
}

at::Tensor VaeDecoder::forward(const at::Tensor& latents) const {
  return kernels::to_pixels(run(latents), last_bias());
}

at::Tensor VaeDecoder::decode(const at::Tensor& latents) const {
  const kernels::Rgb8 image = kernels::to_rgb8(run(latents), last_bias());
  if (!image.finite) {
    throw Error(ErrorKind::numeric, "decode: the pixels are not finite (NaN or infinite weights or overflow)");
  }
  return image.bytes;
}

}  // namespace zimage
