// An image in overlapping tiles, each made alone and blended into the whole.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

namespace zimage::vae {

// Where tiles of one size begin along one side.
struct TileRow {
  std::int64_t size = 0;
  std::vector<std::int64_t> first;
};

// As few tiles of at most `tile` as overlap by a quarter of it, evenly spread over 0 .. length - 1.
TileRow tile_row(std::int64_t length, std::int64_t tile);

// The weight of tile `index` at each of its places, of which there are `scale` to each one of the row's: falls
// linearly over what it shares with a neighbour; all tiles' weights add up to 1 everywhere. [scale · size] float32.
at::Tensor tile_weights(const TileRow& row, std::size_t index, std::int64_t scale);

// latents: [C, H, W]; make: a tile of them to a picture [1, 3, 8h, 8w] of any type. Returns [1, 3, 8H, 8W] float32,
// channels-last.
at::Tensor blend_tiles(const at::Tensor& latents, std::int64_t tile,
                       const std::function<at::Tensor(const at::Tensor&)>& make);

}  // namespace zimage::vae
