#include "models/transformer/positions.h"

#include "zimage/error.h"

#include <cmath>

namespace zimage {
namespace {

// positions: [N, 3] int64 on the CPU. The angle is made in float64 and rounded to float32 before cos and sin, as the
// reference does: cos of the float64 angle differs by up to 1.5e-5.
kernels::RopeTable rope_of(const at::Tensor& positions, const TransformerConfig& config, at::Device device) {
  std::vector<at::Tensor> angles;
  for (int axis = 0; axis < 3; ++axis) {
    const std::int64_t d = config.axes_dims[axis];
    const at::Tensor exponents = at::arange(0, d, 2, at::kDouble) / static_cast<double>(d);
    const at::Tensor frequencies = 1.0 / at::pow(at::Scalar(config.rope_theta), exponents);
    angles.push_back(at::outer(positions.select(1, axis).to(at::kDouble), frequencies).to(at::kFloat));
  }
  const at::Tensor angle = at::cat(angles, 1);
  return {at::cos(angle).to(device), at::sin(angle).to(device)};
}

void check_position(std::int64_t position, int axis, const TransformerConfig& config) {
  if (position < config.axes_lens[axis]) return;
  throw Error(ErrorKind::usage, "image or prompt too large for the model: position " + std::to_string(position) +
                                    " on axis " + std::to_string(axis) + ", axes_lens allows " +
                                    std::to_string(config.axes_lens[axis] - 1));
}

}  // namespace

kernels::RopeTable image_rope(const TokenGrid& grid, const TransformerConfig& config, at::Device device) {
  check_position(grid.caption + 1, 0, config);
  check_position(grid.rows - 1, 1, config);
  check_position(grid.columns - 1, 2, config);
  at::Tensor positions = at::zeros({grid.image_padded(), 3}, at::kLong);
  const at::Tensor image = positions.narrow(0, 0, grid.image()).view({grid.rows, grid.columns, 3});
  image.select(2, 0).fill_(grid.caption + 1);
  image.select(2, 1).copy_(at::arange(grid.rows).unsqueeze(1).expand({grid.rows, grid.columns}));
  image.select(2, 2).copy_(at::arange(grid.columns).unsqueeze(0).expand({grid.rows, grid.columns}));
  return rope_of(positions, config, device);
}

kernels::RopeTable caption_rope(std::int64_t caption, const TransformerConfig& config, at::Device device) {
  check_position(caption, 0, config);
  at::Tensor positions = at::zeros({caption, 3}, at::kLong);
  positions.select(1, 0).copy_(at::arange(1, caption + 1));
  return rope_of(positions, config, device);
}

kernels::RopeTable joint_rope(const kernels::RopeTable& image, const kernels::RopeTable& caption) {
  return {at::cat({image.cos, caption.cos}), at::cat({image.sin, caption.sin})};
}

}  // namespace zimage
