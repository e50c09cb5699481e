#include "kernels/launch.h"
#include "kernels/rows.cuh"

namespace zimage::kernels {
namespace {

template <typename Share, typename In, typename Out>
__global__ void __launch_bounds__(Share::kThreads, Share::kBlocks)
    rms_norm_kernel(const In* x, const float* weight, Out* y, std::int64_t columns, float eps) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * columns;
  Share share;
  share.load(x + row, columns);
  const float scale = share.template inverse_rms<0>(columns, eps);
  share.combine(weight, columns, [&](float v, float w) { return v * scale * w; });
  share.store(y + row, columns);
}

// kNormed: the branch through its norm, else times args.branch_scale. kNext: the next norm's output is written to y.
template <typename Share, typename T, bool kNormed, bool kNext>
__global__ void __launch_bounds__(Share::kThreads, Share::kBlocks) residual_add_kernel(ResidualAddArgs args) {
  const std::int64_t columns = args.columns, row = static_cast<std::int64_t>(blockIdx.x) * columns;
  Share branch, x;
  branch.load(static_cast<const T*>(args.branch.data) + row, columns);
  x.load(args.x + row, columns);  // on its way while the branch's norm is summed
  if constexpr (kNormed) {
    const float scale = branch.template inverse_rms<0>(columns, args.branch_eps);
    branch.combine(args.branch_weight, columns, [&](float b, float w) { return b * scale * w; });
    x.add(branch, 1);
  } else {
    x.add(branch, args.branch_scale);
  }
  x.store(args.x + row, columns);
  if constexpr (kNext) {
    const float scale = x.template inverse_rms<1>(columns, args.next_eps);
    x.combine(args.next_weight, columns, [&](float v, float w) { return v * scale * w; });
    x.store(static_cast<T*>(args.y) + row, columns);
  }
}

}  // namespace

void launch_rms_norm(const RmsNormArgs& args, Stream stream) {
  with_element(args.x.type, [&](auto in) {
    with_element(args.y.type, [&](auto out) {
      with_row_share(args.columns, [&](auto share, unsigned threads) {
        using In = decltype(in);
        using Out = decltype(out);
        rms_norm_kernel<decltype(share), In, Out><<<static_cast<unsigned>(args.rows), threads, 0, stream>>>(
            static_cast<const In*>(args.x.data), args.weight, static_cast<Out*>(args.y.data), args.columns, args.eps);
      });
    });
  });
}

void launch_residual_add(const ResidualAddArgs& args, Stream stream) {
  with_element(args.branch.type, [&](auto element) {
    with_row_share(args.columns, [&](auto share, unsigned threads) {
      using T = decltype(element);
      using Share = decltype(share);
      const bool normed = args.branch_weight != nullptr, next = args.next_weight != nullptr;
      const auto kernel =
          normed ? (next ? residual_add_kernel<Share, T, true, true> : residual_add_kernel<Share, T, true, false>)
                 : (next ? residual_add_kernel<Share, T, false, true> : residual_add_kernel<Share, T, false, false>);
      kernel<<<static_cast<unsigned>(args.rows), threads, 0, stream>>>(args);
    });
  });
}

}  // namespace zimage::kernels
