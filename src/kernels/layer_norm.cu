#include "kernels/launch.h"
#include "kernels/rows.cuh"

namespace zimage::kernels {
namespace {

template <typename Share, typename Out>
__global__ void __launch_bounds__(Share::kThreads, Share::kBlocks)
    layer_norm_kernel(const float* x, const float* scale, Out* y, std::int64_t columns, float eps) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * columns;
  Share share;
  share.load(x + row, columns);
  const float mean = share.template sum<0>(columns, [](float v) { return v; }) / static_cast<float>(columns);
  const float variance =
      share.template sum<1>(columns, [&](float v) { return (v - mean) * (v - mean); }) / static_cast<float>(columns);
  const float inverse = rsqrtf(variance + eps);
  share.combine(scale, columns, [&](float v, float s) { return (v - mean) * inverse * s; });
  share.store(y + row, columns);
}

}  // namespace

void launch_layer_norm(const LayerNormArgs& args, Stream stream) {
  with_element(args.y.type, [&](auto out) {
    with_row_share(args.columns, [&](auto share, unsigned threads) {
      using Out = decltype(out);
      layer_norm_kernel<decltype(share), Out><<<static_cast<unsigned>(args.rows), threads, 0, stream>>>(
          args.x, args.scale, static_cast<Out*>(args.y.data), args.columns, args.eps);
    });
  });
}

}  // namespace zimage::kernels
