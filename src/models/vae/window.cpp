#include "models/vae/window.h"

namespace zimage::vae {

MapShape shape_of(const at::Tensor& map) { return {map.size(1), map.size(2), map.size(3)}; }

at::Tensor map_at(const at::Tensor& buffer, std::int64_t offset, const MapShape& shape) {
  return buffer.as_strided({1, shape.channels, shape.height, shape.width},
                           {shape.elements(), 1, shape.row(), shape.channels}, buffer.storage_offset() + offset);
}

at::Tensor rows_of(const at::Tensor& map, std::int64_t first, std::int64_t count) {
  MapShape shape = shape_of(map);
  shape.height = count;
  return map_at(map, first * shape.row(), shape);
}

Window::Window(const MapShape& shape, std::int64_t rows, const at::TensorOptions& options)
    : rows_(at::empty({1, shape.channels, std::min(rows, shape.height) + 2, shape.width}, options,
                      at::MemoryFormat::ChannelsLast)) {}

at::Tensor Window::next(std::int64_t count, const std::vector<at::Tensor>& pieces, const kernels::GroupNorm& norm) {
  const at::Tensor above = rows_of(rows_, 0, 1);
  if (filled_ == 0) {
    above.zero_();
  } else {
    above.copy_(rows_of(rows_, filled_, 1));
  }
  std::int64_t row = 1;
  for (const at::Tensor& piece : pieces) {
    kernels::normalise_silu_into(rows_of(rows_, row, piece.size(2)), piece, norm);
    row += piece.size(2);
  }
  if (row < count + 2) rows_of(rows_, row, 1).zero_();
  filled_ = count;
  return rows_of(rows_, 0, count + 2);
}

}  // namespace zimage::vae
