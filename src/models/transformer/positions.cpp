#include "models/transformer/positions.h"

#include "zimage/error.h"

#include <cmath>

namespace zimage {
namespace {

// cos and sin of positions first .. first + count - 1 on one axis: [2, count, axes_dims[axis] / 2]. The angle is made
// in float64 and rounded to float32 before cos and sin, as the reference does: cos of the float64 angle differs by up
// to 1.5e-5. Made on the CPU, whose bits do not depend on the GPU.
at::Tensor axis_table(std::int64_t first, std::int64_t count, int axis, const TransformerConfig& config,
                      at::Device device) {
  const std::int64_t d = config.axes_dims[axis];
  const at::Tensor exponents = at::arange(0, d, 2, at::kDouble) / static_cast<double>(d);
  const at::Tensor frequencies = 1.0 / at::pow(at::Scalar(config.rope_theta), exponents);
  const at::Tensor angle = at::outer(at::arange(first, first + count, at::kDouble), frequencies).to(at::kFloat);
  return at::stack({at::cos(angle), at::sin(angle)}).to(device);
}

// The three axes' angles beside each other; shape: of the positions, with 1 or the full size on each of its dimensions.
kernels::RopeTable join_axes(std::vector<at::Tensor> axes, std::vector<std::int64_t> shape) {
  shape.insert(shape.begin(), 2);
  shape.push_back(-1);
  for (at::Tensor& axis : axes) axis = axis.expand(shape);
  const at::Tensor joined = at::cat(axes, -1).flatten(1, -2);
  return {joined[0], joined[1]};
}

void check_position(std::int64_t position, int axis, const TransformerConfig& config) {
  if (position < config.axes_lens[axis]) return;
  throw Error(ErrorKind::usage, "image or prompt too large for the model: position " + std::to_string(position) +
                                    " on axis " + std::to_string(axis) + ", axes_lens allows " +
                                    std::to_string(config.axes_lens[axis] - 1));
}

}  // namespace

Sequences sequences_of(const std::vector<kernels::RopeTable>& ropes) {
  std::vector<at::Tensor> cos, sin;
  Sequences sequences;
  for (const kernels::RopeTable& rope : ropes) {
    cos.push_back(rope.cos);
    sin.push_back(rope.sin);
    sequences.lengths.push_back(rope.cos.size(0));
  }
  sequences.rope = {at::cat(cos), at::cat(sin)};
  return sequences;
}

kernels::RopeTable image_rope(const TokenGrid& grid, const TransformerConfig& config, at::Device device) {
  check_position(grid.caption + 1, 0, config);
  check_position(grid.rows - 1, 1, config);
  check_position(grid.columns - 1, 2, config);
  const at::Tensor frame = axis_table(grid.caption + 1, 1, 0, config, device);
  const at::Tensor row = axis_table(0, grid.rows, 1, config, device);
  const at::Tensor column = axis_table(0, grid.columns, 2, config, device);
  const kernels::RopeTable image =
      join_axes({frame.unsqueeze(1), row.unsqueeze(2), column.unsqueeze(1)}, {grid.rows, grid.columns});
  const std::int64_t padding = grid.image_padded() - grid.image();  // at (0, 0, 0): no turn
  return {at::constant_pad_nd(image.cos, {0, 0, 0, padding}, 1), at::constant_pad_nd(image.sin, {0, 0, 0, padding}, 0)};
}

kernels::RopeTable caption_rope(std::int64_t caption, const TransformerConfig& config, at::Device device) {
  check_position(caption, 0, config);
  return join_axes({axis_table(1, caption, 0, config, device), axis_table(0, 1, 1, config, device),
                    axis_table(0, 1, 2, config, device)},
                   {caption});
}

kernels::RopeTable joint_rope(const kernels::RopeTable& image, const kernels::RopeTable& caption) {
  return {at::cat({image.cos, caption.cos}), at::cat({image.sin, caption.sin})};
}

}  // namespace zimage
