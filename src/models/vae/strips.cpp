#include "models/vae/strips.h"

#include "kernels/upsample.h"
#include "nn/chunks.h"

#include <algorithm>
#include <array>

namespace zimage::vae {
namespace {

// A window brings the rows above and below with it.
constexpr std::array<std::int64_t, 2> kPadding{0, 1};

// A window's rows, the first and last of which are only read.
at::Tensor convolve_window(const at::Tensor& window, const ParamView& params) {
  return at::conv2d(window, params["weight"], /*bias=*/{}, /*stride=*/1, at::IntArrayRef(kPadding));
}

void convolve_window_into(const at::Tensor& out, const at::Tensor& window, const ParamView& params) {
  if (!out.is_cuda()) {
    out.copy_(convolve_window(window, params));
    return;
  }
  const at::Context& context = at::globalContext();
  at::Tensor result = out;
  at::cudnn_convolution_out(result, window, params["weight"], kPadding, /*stride=*/{1, 1},
                            /*dilation=*/{1, 1}, /*groups=*/1, context.benchmarkCuDNN(),
                            context.deterministicCuDNN() || context.deterministicAlgorithms(),
                            context.allowTF32CuDNN(at::Float32Op::CONV));
}

kernels::GroupNorm norm_of(const at::Tensor& moments, const ParamView& norm, const at::Tensor& input_bias = {}) {
  return {moments, norm["weight"], norm["bias"], input_bias};
}

// The strip with the row below, where there is one.
std::vector<at::Tensor> with_row_below(const at::Tensor& map, std::int64_t first, std::int64_t count) {
  return {rows_of(map, first, std::min(count + 1, map.size(2) - first))};
}

// Source rows of a strip of an upsampled image.
std::int64_t source_rows(std::int64_t rows) { return std::max<std::int64_t>(rows / 2, 1); }

// Where a block with a shortcut keeps its strips: over x, if both results fit there, else behind it.
std::int64_t pairs_offset(const MapShape& x, const MapShape& out) {
  return 2 * out.channels <= x.channels ? 0 : x.elements();
}

// The strips of a block with a shortcut: each holds the shortcut's rows, then the branch's.
class StripPairs {
 public:
  StripPairs(at::Tensor buffer, std::int64_t offset, const MapShape& shape, std::int64_t rows)
      : buffer_(std::move(buffer)), offset_(offset), shape_(shape), rows_(rows) {}

  at::Tensor shortcut(std::int64_t first, std::int64_t count) const { return half(first, count, 0); }
  at::Tensor branch(std::int64_t first, std::int64_t count) const { return half(first, count, 1); }
  // The branch's strip and the row below it, which is the next strip's first.
  std::vector<at::Tensor> branch_pieces(std::int64_t first, std::int64_t count) const {
    std::vector<at::Tensor> pieces{branch(first, count)};
    const std::int64_t next = first + count, left = shape_.height - next;
    if (left > 0) pieces.push_back(rows_of(branch(next, std::min(rows_, left)), 0, 1));
    return pieces;
  }

 private:
  at::Tensor half(std::int64_t first, std::int64_t count, std::int64_t index) const {
    MapShape strip = shape_;
    strip.height = count;
    return map_at(buffer_, offset_ + 2 * first * shape_.row() + index * strip.elements(), strip);
  }

  at::Tensor buffer_;
  std::int64_t offset_;
  MapShape shape_;
  std::int64_t rows_;
};

}  // namespace

template <typename Pieces, typename Use>
void Strips::sweep(const MapShape& shape, const kernels::GroupNorm& norm, Pieces&& pieces, Use&& use) const {
  Window window(shape, rows_, buffer_.options());
  nn::for_each_chunk(shape.height, rows_, [&](std::int64_t first, std::int64_t count) {
    use(first, count, window.next(count, pieces(first, count), norm));
  });
}

at::Tensor Strips::merge(const std::vector<at::Tensor>& parts, const MapShape& shape, std::int64_t rows) const {
  const std::int64_t before_last = rows * static_cast<std::int64_t>(parts.size() - 1);
  return kernels::merge_moments({at::stack(parts), rows * shape.width, (shape.height - before_last) * shape.width},
                                spec_.eps);
}

Activation Strips::upsample(const at::Tensor& x, const ParamView& conv) const {
  const MapShape source = shape_of(x), shape{source.channels, 2 * source.height, 2 * source.width};
  const at::Tensor out = map_at(buffer_, 0, shape);
  const std::int64_t rows = source_rows(rows_), strips = (source.height + rows - 1) / rows;
  const at::Tensor larger = at::empty({1, shape.channels, 2 * std::min(rows, source.height) + 4, shape.width},
                                      x.options(), at::MemoryFormat::ChannelsLast);
  std::vector<at::Tensor> parts(strips);
  for (std::int64_t i = strips - 1; i >= 0; --i) {
    const std::int64_t first = i * rows, count = std::min(rows, source.height - first);
    const std::int64_t above = first > 0 ? 1 : 0, below = first + count < source.height ? 1 : 0;
    if (above == 0) rows_of(larger, 0, 2).zero_();
    kernels::upsample_into(rows_of(larger, 2 - 2 * above, 2 * (above + count + below)),
                           rows_of(x, first - above, above + count + below));
    if (below == 0) rows_of(larger, 2 * count + 2, 2).zero_();
    const at::Tensor strip = rows_of(out, 2 * first, 2 * count);
    convolve_window_into(strip, rows_of(larger, 1, 2 * count + 2), conv);
    parts[i] = kernels::add_group_moments_(strip, {}, conv["bias"], {spec_.groups, 0});
  }
  return {out, merge(parts, shape, 2 * rows)};
}

Activation Strips::resnet(const Activation& in, const ParamView& params) const {
  const MapShape shape = shape_of(in.x);
  const ParamView conv1 = params.sub("conv1"), conv2 = params.sub("conv2");
  const at::Tensor h = map_at(buffer_, shape.elements(), shape);
  std::vector<at::Tensor> parts;
  sweep(
      shape, norm_of(in.moments, params.sub("norm1")),
      [&](std::int64_t first, std::int64_t count) { return with_row_below(in.x, first, count); },
      [&](std::int64_t first, std::int64_t count, const at::Tensor& window) {
        const at::Tensor strip = rows_of(h, first, count);
        convolve_window_into(strip, window, conv1);
        parts.push_back(kernels::group_moments(strip, conv1["bias"], {spec_.groups, 0}));
      });
  const at::Tensor moments = merge(parts, shape, rows_);
  parts.clear();
  sweep(
      shape, norm_of(moments, params.sub("norm2"), conv1["bias"]),
      [&](std::int64_t first, std::int64_t count) { return with_row_below(h, first, count); },
      [&](std::int64_t first, std::int64_t count, const at::Tensor& window) {
        parts.push_back(kernels::add_group_moments_(rows_of(in.x, first, count), convolve_window(window, conv2),
                                                    conv2["bias"], {spec_.groups, 0}));
      });
  return {in.x, merge(parts, shape, rows_)};
}

Activation Strips::resnet_with_shortcut(const Activation& in, const ParamView& params) const {
  const ParamView conv1 = params.sub("conv1"), conv2 = params.sub("conv2"), conv_shortcut = params.sub("conv_shortcut");
  const MapShape from = shape_of(in.x), shape{conv1["weight"].size(0), from.height, from.width};
  const std::int64_t offset = pairs_offset(from, shape);
  const StripPairs pairs(buffer_, offset, shape, rows_);
  std::vector<at::Tensor> parts;
  sweep(
      from, norm_of(in.moments, params.sub("norm1")),
      [&](std::int64_t first, std::int64_t count) { return with_row_below(in.x, first, count); },
      [&](std::int64_t first, std::int64_t count, const at::Tensor& window) {
        const at::Tensor shortcut = convolve(rows_of(in.x, first, count), conv_shortcut);
        const at::Tensor branch = pairs.branch(first, count);
        convolve_window_into(branch, window, conv1);  // over x, which nothing reads any more
        pairs.shortcut(first, count).copy_(shortcut);
        parts.push_back(kernels::group_moments(branch, conv1["bias"], {spec_.groups, 0}));
      });
  const at::Tensor moments = merge(parts, shape, rows_), bias = conv2["bias"] + conv_shortcut["bias"];
  const at::Tensor sum = map_at(buffer_, 0, shape);
  parts.clear();
  sweep(
      shape, norm_of(moments, params.sub("norm2"), conv1["bias"]),
      [&](std::int64_t first, std::int64_t count) { return pairs.branch_pieces(first, count); },
      [&](std::int64_t first, std::int64_t count, const at::Tensor& window) {
        const at::Tensor strip = rows_of(sum, first, count);
        at::Tensor other = pairs.shortcut(first, count);
        if (first == 0 && offset == 0) {  // the shortcut lies where the sum will
          other = convolve_window(window, conv2);
        } else {
          convolve_window_into(strip, window, conv2);
        }
        parts.push_back(kernels::add_group_moments_(strip, other, bias, {spec_.groups, 0}));
      });
  return {sum, merge(parts, shape, rows_)};
}

at::Tensor Strips::last(const Activation& in, const ParamView& norm, const ParamView& conv) const {
  const MapShape shape = shape_of(in.x);
  const at::Tensor out =
      at::empty({1, conv["weight"].size(0), shape.height, shape.width}, in.x.options(), at::MemoryFormat::ChannelsLast);
  sweep(
      shape, norm_of(in.moments, norm),
      [&](std::int64_t first, std::int64_t count) { return with_row_below(in.x, first, count); },
      [&](std::int64_t first, std::int64_t count, const at::Tensor& window) {
        convolve_window_into(rows_of(out, first, count), window, conv);
      });
  return out;
}

}  // namespace zimage::vae
