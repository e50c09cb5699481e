#include "kernels/layer_norm.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, double eps, at::ScalarType out) {
  if (!runs_on_rows(x)) return reference::layer_norm(x, scale, eps, out);
  const std::int64_t columns = x.size(-1);
  TORCH_CHECK(x.is_contiguous() && scale.is_contiguous() && scale.numel() == columns);
  at::Tensor y = at::empty(x.sizes(), x.options().dtype(out));
  launch_layer_norm({.x = x.const_data_ptr<float>(),
                     .scale = scale.const_data_ptr<float>(),
                     .y = mutable_span(y),
                     .rows = x.numel() / columns,
                     .columns = columns,
                     .eps = static_cast<float>(eps)},
                    current_stream(x));
  check_launch();
  return y;
}

}  // namespace zimage::kernels
