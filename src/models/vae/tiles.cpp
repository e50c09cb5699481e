#include "models/vae/tiles.h"

#include <algorithm>

namespace zimage::vae {
namespace {

constexpr std::int64_t kOverlap = 4;  // a quarter of a tile
constexpr std::int64_t kScale = 8;    // pixels for each latent

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Tile `index`'s weight before it is divided by the sum of all: 1, less towards its neighbours.
at::Tensor ramps(const TileRow& row, std::size_t index, std::int64_t scale) {
  const std::int64_t length = row.size * scale;
  const at::Tensor place = at::arange(length, at::kDouble) + 0.5;
  at::Tensor weight = at::ones({length}, at::kDouble);
  const auto shared = [&](std::size_t left) { return scale * (row.first[left] + row.size - row.first[left + 1]); };
  if (index > 0) weight = at::minimum(weight, place / shared(index - 1));
  if (index + 1 < row.first.size()) weight = at::minimum(weight, (length - place) / shared(index));
  return weight;
}

}  // namespace

TileRow tile_row(std::int64_t length, std::int64_t tile) {
  TileRow row{std::min(length, tile), {0}};
  const std::int64_t step = std::max<std::int64_t>(tile - tile / kOverlap, 1), left = length - row.size;
  const std::int64_t more = ceil_div(left, step);
  for (std::int64_t i = 1; i <= more; ++i) row.first.push_back(left * i / more);
  return row;
}

at::Tensor tile_weights(const TileRow& row, std::size_t index, std::int64_t scale) {
  const std::int64_t begin = row.first[index] * scale, length = row.size * scale;
  at::Tensor sum = at::zeros({length}, at::kDouble);
  for (std::size_t other = 0; other < row.first.size(); ++other) {
    const std::int64_t offset = row.first[other] * scale - begin;
    const std::int64_t from = std::max<std::int64_t>(offset, 0), to = std::min(offset + length, length);
    if (from < to) sum.narrow(0, from, to - from).add_(ramps(row, other, scale).narrow(0, from - offset, to - from));
  }
  return (ramps(row, index, scale) / sum).to(at::kFloat);
}

at::Tensor blend_tiles(const at::Tensor& latents, std::int64_t tile,
                       const std::function<at::Tensor(const at::Tensor&)>& make) {
  const TileRow rows = tile_row(latents.size(1), tile), columns = tile_row(latents.size(2), tile);
  const at::Tensor picture = at::empty({1, 3, kScale * latents.size(1), kScale * latents.size(2)},
                                       latents.options().dtype(at::kFloat), at::MemoryFormat::ChannelsLast)
                                 .zero_();
  const auto weights = [&](const TileRow& row, std::size_t i) {
    return tile_weights(row, i, kScale).to(latents.device());
  };
  for (std::size_t i = 0; i < rows.first.size(); ++i) {
    const at::Tensor down = weights(rows, i).unsqueeze(1);
    for (std::size_t j = 0; j < columns.first.size(); ++j) {
      const at::Tensor part =
          make(latents.narrow(1, rows.first[i], rows.size).narrow(2, columns.first[j], columns.size));
      picture.narrow(2, kScale * rows.first[i], part.size(2))
          .narrow(3, kScale * columns.first[j], part.size(3))
          .addcmul_(part.to(at::kFloat), down * weights(columns, j));
    }
  }
  return picture;
}

}  // namespace zimage::vae
