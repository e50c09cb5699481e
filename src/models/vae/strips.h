// The decoder's levels behind the first, by strips of rows: the values of layers.h in half the memory. One buffer holds
// every map in turn, and a layer's result overwrites what the layer has read. Only the norms' statistics, of the whole
// image all the same, are merged from those of strips. What it takes: plan::strip_memory.
#pragma once

#include "models/vae/layers.h"
#include "models/vae/window.h"

namespace zimage::vae {

// Every Activation that goes in or comes out lies at the buffer's start.
class Strips {
 public:
  // buffer: flat; rows: of a strip.
  Strips(at::Tensor buffer, std::int64_t rows, const kernels::GroupSpec& spec)
      : buffer_(std::move(buffer)), rows_(rows), spec_(spec) {}

  // Nearest ×2 of x, which may lie outside the buffer, then a convolution. From the last strip to the first: the
  // larger image grows down towards the smaller one at the buffer's start, of which it is always ahead.
  Activation upsample(const at::Tensor& x, const ParamView& conv) const;

  Activation resnet(const Activation& in, const ParamView& params) const;
  // Where channels change. Each strip of x makes room for the shortcut's and the first convolution's; then the sums
  // move up to the buffer's start.
  Activation resnet_with_shortcut(const Activation& in, const ParamView& params) const;

  // conv(silu(norm(in))) without the convolution's bias, in memory of its own.
  at::Tensor last(const Activation& in, const ParamView& norm, const ParamView& conv) const;

 private:
  template <typename Pieces, typename Use>
  void sweep(const MapShape& shape, const kernels::GroupNorm& norm, Pieces&& pieces, Use&& use) const;
  at::Tensor merge(const std::vector<at::Tensor>& parts, const MapShape& shape, std::int64_t rows) const;

  at::Tensor buffer_;
  std::int64_t rows_;
  kernels::GroupSpec spec_;
};

}  // namespace zimage::vae
