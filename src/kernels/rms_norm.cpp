#include "kernels/rms_norm.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType out) {
  if (!x.is_cuda()) return reference::rms_norm(x, weight, eps, out);
  TORCH_CHECK(x.is_contiguous() && weight.is_contiguous() && weight.scalar_type() == at::kFloat &&
              weight.numel() == x.size(-1));
  at::Tensor y = at::empty(x.sizes(), x.options().dtype(out));
  const std::int64_t columns = x.size(-1);
  launch_rms_norm({const_span(x), weight.const_data_ptr<float>(), mutable_span(y), x.numel() / columns, columns,
                   static_cast<float>(eps)},
                  current_stream(x));
  check_launch();
  return y;
}

void add_rms_norm_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight, double eps) {
  if (!x.is_cuda()) return reference::add_rms_norm_(x, branch, weight, eps);
  TORCH_CHECK(x.is_contiguous() && x.scalar_type() == at::kFloat && branch.is_contiguous() &&
              branch.sizes() == x.sizes());
  TORCH_CHECK(weight.is_contiguous() && weight.scalar_type() == at::kFloat && weight.numel() == x.size(-1));
  const std::int64_t columns = x.size(-1);
  launch_add_rms_norm({x.mutable_data_ptr<float>(), const_span(branch), weight.const_data_ptr<float>(),
                       x.numel() / columns, columns, static_cast<float>(eps)},
                      current_stream(x));
  check_launch();
}

}  // namespace zimage::kernels
