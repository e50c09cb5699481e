// Which gated products, silu(x gateᵀ) * (x upᵀ), one kernel computes without writing the products of twice the columns:
// the rule that kernels/linear_silu_mul.cu follows and a plan counts on.
#pragma once

#include <cstdint>

namespace zimage {

struct GatedProduct {
  std::int64_t rows = 0, columns = 0;  // of the result
};

constexpr std::int64_t kGatedTile = 128;        // rows and columns of the result that a multiprocessor makes at a time
constexpr std::int64_t kLeastGatedRows = 2048;  // fewer are the library's

// Tiles come in pairs, one for each of two multiprocessors.
constexpr std::int64_t tile_pairs(const GatedProduct& product) {
  const std::int64_t tall = (product.rows + kGatedTile - 1) / kGatedTile;
  const std::int64_t wide = (product.columns + kGatedTile - 1) / kGatedTile;
  return tall * ((wide + 1) / 2);
}

// Where all multiprocessors have about the same number of tiles; else the library's choice of tiles is faster.
constexpr bool pays_in_one_kernel(const GatedProduct& product, int multiprocessors) {
  const std::int64_t at_once = multiprocessors / 2;
  if (product.rows < kLeastGatedRows || at_once == 0) return false;
  const std::int64_t pairs = tile_pairs(product), rounds = (pairs + at_once - 1) / at_once;
  return 20 * pairs >= 19 * rounds * at_once;
}

}  // namespace zimage
