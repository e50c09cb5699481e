// The rows that a 3×3 convolution reads for one strip of an image: the strip's, one above and one below.
#pragma once

#include "kernels/group_norm.h"

#include <vector>

namespace zimage::vae {

// A channels-last image: [1, channels, height, width].
struct MapShape {
  std::int64_t channels = 0, height = 0, width = 0;

  std::int64_t row() const { return channels * width; }
  std::int64_t elements() const { return row() * height; }
};

MapShape shape_of(const at::Tensor& map);

// The image that begins `offset` elements into a buffer, which is flat.
at::Tensor map_at(const at::Tensor& buffer, std::int64_t offset, const MapShape& shape);

// Some rows of a map, as an image of their own.
at::Tensor rows_of(const at::Tensor& map, std::int64_t first, std::int64_t count);

// Goes down an image strip by strip and holds SiLU(norm(rows)); zeros stand for rows outside the image. A strip's last
// row is kept for the next strip, so that what is made of a strip may overwrite it.
class Window {
 public:
  // shape: of the image; rows: of a strip.
  Window(const MapShape& shape, std::int64_t rows, const at::TensorOptions& options);

  // The next strip of `count` rows with its neighbours, [1, C, count + 2, W]. pieces: its rows and, unless it is the
  // image's last strip, the row below, in order.
  at::Tensor next(std::int64_t count, const std::vector<at::Tensor>& pieces, const kernels::GroupNorm& norm);

 private:
  at::Tensor rows_;
  std::int64_t filled_ = 0;  // rows of the strip before
};

}  // namespace zimage::vae
