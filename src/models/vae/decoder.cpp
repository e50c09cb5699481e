#include "models/vae/decoder.h"

#include "zimage/error.h"

#include "kernels/image.h"
#include "models/vae/strips.h"
#include "models/vae/tiles.h"
#include "plan/decoder_memory.h"
#include "runtime/device_memory.h"
#include "runtime/scalar_type.h"

#include <algorithm>

namespace zimage {
namespace {

constexpr double kGroupNormEps = 1e-6;

// cuDNN's 16-bit convolutions are made for channels-last; in float32 it would transpose every image forth and back.
at::MemoryFormat memory_format(at::Device device, at::ScalarType dtype) {
  const bool tensor_cores = device.is_cuda() && dtype != at::kFloat;
  return tensor_cores ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

}  // namespace

LayoutSpec vae_decoder_layout(at::Device device, at::ScalarType dtype) {
  const bool last = memory_format(device, dtype) == at::MemoryFormat::ChannelsLast;
  return vae_layout(dtype_of(dtype), last ? ImageOrder::channels_last : ImageOrder::channels_first);
}

VaeDecoder::VaeDecoder(const VaeConfig& config, WeightStore weights)
    : config_(config), weights_(std::move(weights)), norm_{config.norm_num_groups, kGroupNormEps} {}

VaeDecoder::VaeDecoder(const VaeConfig& config, const ComponentFiles& files, at::Device device, at::ScalarType dtype)
    : VaeDecoder(config, WeightStore(files, {vae_decoder_layout(device, dtype), device})) {}

VaeDecoder VaeDecoder::with(const plan::VaeLevers& levers) const {
  VaeDecoder other(*this);
  other.config_.levers = levers;
  return other;
}

void VaeDecoder::claim_memory(std::initializer_list<std::int64_t> bytes) const {
  const auto claim = [&] {
    std::vector<at::Tensor> claimed;
    for (const std::int64_t each : bytes) {
      claimed.push_back(at::empty({each}, at::device(weights_.device()).dtype(at::kByte)));
    }
  };
  try {
    claim();
  } catch (const c10::OutOfMemoryError&) {  // one may have been carved from a larger piece that another run left
    release_cached_memory(weights_.device());
    claim();
  }
}

std::int64_t VaeDecoder::element_bytes() const { return static_cast<std::int64_t>(c10::elementSize(weights_.dtype())); }

std::vector<std::int64_t> VaeDecoder::level_channels() const {
  return {config_.block_out_channels.rbegin(), config_.block_out_channels.rend()};
}

ParamView VaeDecoder::upsampler(std::int64_t level) const {
  return {weights_, "decoder.up_blocks." + std::to_string(level) + ".upsamplers.0.conv."};
}

at::Tensor VaeDecoder::run(const at::Tensor& latents) const {
  const plan::VaeLevers& levers = config_.levers;
  const bool fits_a_tile = std::max(latents.size(1), latents.size(2)) <= levers.tile;
  if (levers.tiling == plan::VaeTiling::strips && config_.block_out_channels.size() > 1) return run_strips(latents);
  if (levers.tiling == plan::VaeTiling::tiles && !fits_a_tile) {
    return vae::blend_tiles(latents, levers.tile, [this](const at::Tensor& part) { return run_whole(part); });
  }
  return run_whole(latents);
}

vae::Residual VaeDecoder::start(const at::Tensor& latents) const {
  const ParamView decoder(weights_, "decoder."), mid = decoder.sub("mid_block");
  const at::Tensor z = latents.unsqueeze(0).to(weights_.dtype()) / config_.scaling_factor + config_.shift_factor;
  // Strips are of rows, which lie together in channels-last alone.
  const at::MemoryFormat format = config_.levers.tiling == plan::VaeTiling::strips
                                      ? at::MemoryFormat::ChannelsLast
                                      : memory_format(weights_.device(), weights_.dtype());
  vae::Activation a = vae::conv(z.contiguous(format), decoder.sub("conv_in"), norm_);
  a = vae::add(vae::resnet(std::move(a), mid.sub("resnets.0"), norm_), norm_);
  a = vae::add(vae::attention(std::move(a), mid.sub("attentions.0")), norm_);
  a = vae::add(vae::resnet(std::move(a), mid.sub("resnets.1"), norm_), norm_);
  return run_level(std::move(a), 0);
}

at::Tensor VaeDecoder::run_whole(const at::Tensor& latents) const {
  const std::int64_t levels = static_cast<std::int64_t>(config_.block_out_channels.size());
  const std::int64_t largest = plan::largest_map(config_, {latents.size(1), latents.size(2)}) * element_bytes();
  claim_memory({largest, largest});

  vae::Residual sum = start(latents);
  for (std::int64_t i = 1; i < levels; ++i) {
    sum = run_level(vae::upsample(std::move(sum), upsampler(i - 1), norm_), i);
  }
  const vae::Activation a = vae::add(std::move(sum), norm_);
  const ParamView decoder(weights_, "decoder.");
  return vae::convolve(vae::norm_silu(a, decoder.sub("conv_norm_out")), decoder.sub("conv_out"));
}

at::Tensor VaeDecoder::run_strips(const at::Tensor& latents) const {
  const std::vector<std::int64_t> channels = level_channels();
  const vae::MapShape shape{channels[0], latents.size(1), latents.size(2)};
  const std::int64_t rows = std::max<std::int64_t>(config_.levers.strip_rows, 1);
  const plan::LatentSize size{shape.height, shape.width};
  claim_memory({plan::strips_bytes(config_, size, rows, element_bytes())});
  const auto options = at::device(weights_.device()).dtype(weights_.dtype());
  // First, and so at one end of what was claimed: all the rest is free again when the first level is done.
  at::Tensor x = vae::map_at(at::empty({shape.elements()}, options), 0, shape);
  x.copy_(vae::add(start(latents), norm_).x);

  const ParamView decoder(weights_, "decoder.");
  const vae::Strips strips(at::empty({plan::strip_memory(config_, size, rows).buffer}, options), rows, norm_);
  vae::Activation a{x, {}};
  x.reset();
  for (std::size_t i = 1; i < channels.size(); ++i) {
    a = strips.upsample(a.x, upsampler(static_cast<std::int64_t>(i) - 1));
    for (std::int64_t j = 0; j < config_.layers_per_block + 1; ++j) {
      const ParamView params = decoder.sub("up_blocks." + std::to_string(i)).sub("resnets." + std::to_string(j));
      a = a.x.size(1) == channels[i] ? strips.resnet(a, params) : strips.resnet_with_shortcut(a, params);
    }
  }
  return strips.last(a, decoder.sub("conv_norm_out"), decoder.sub("conv_out"));
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
  const Lease lease = weights_.acquire("rest");
  return kernels::to_pixels(run(latents), last_bias());
}

at::Tensor VaeDecoder::decode(const at::Tensor& latents) const {
  const Lease lease = weights_.acquire("rest");
  const kernels::Rgb8 image = kernels::to_rgb8(run(latents), last_bias());
  if (!image.finite) {
    throw Error(ErrorKind::numeric, "decode: the pixels are not finite (NaN or infinite weights or overflow)");
  }
  return image.bytes;
}

}  // namespace zimage
