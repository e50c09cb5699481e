#include "kernels/rms_norm.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {
namespace {

const float* weight_of(const RmsNorm& norm, std::int64_t columns) {
  if (!norm.weight.defined()) return nullptr;
  TORCH_CHECK(norm.weight.is_contiguous() && norm.weight.numel() == columns);
  return norm.weight.const_data_ptr<float>();
}

// What add_norm_ and add_scaled_ share; a branch norm without a weight is a plain factor.
at::Tensor add(const at::Tensor& x, const at::Tensor& branch, const RmsNorm& branch_norm, double scale,
               const RmsNorm& next) {
  TORCH_CHECK(x.is_contiguous() && branch.is_contiguous() && branch.sizes() == x.sizes());
  const std::int64_t columns = x.size(-1);
  at::Tensor y;
  if (next.weight.defined()) y = at::empty(x.sizes(), branch.options());
  launch_residual_add({.x = x.mutable_data_ptr<float>(),
                       .branch = const_span(branch),
                       .branch_weight = weight_of(branch_norm, columns),
                       .branch_eps = static_cast<float>(branch_norm.eps),
                       .branch_scale = static_cast<float>(scale),
                       .next_weight = weight_of(next, columns),
                       .next_eps = static_cast<float>(next.eps),
                       .y = y.defined() ? y.mutable_data_ptr() : nullptr,
                       .rows = x.numel() / columns,
                       .columns = columns},
                      current_stream(x));
  check_launch();
  return y;
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const RmsNorm& norm, at::ScalarType out) {
  if (!runs_on_rows(x)) return reference::rms_norm(x, norm, out);
  TORCH_CHECK(x.is_contiguous());
  const std::int64_t columns = x.size(-1);
  at::Tensor y = at::empty(x.sizes(), x.options().dtype(out));
  launch_rms_norm({.x = const_span(x),
                   .weight = weight_of(norm, columns),
                   .y = mutable_span(y),
                   .rows = x.numel() / columns,
                   .columns = columns,
                   .eps = static_cast<float>(norm.eps)},
                  current_stream(x));
  check_launch();
  return y;
}

at::Tensor add_norm_(const at::Tensor& x, const at::Tensor& branch, const RmsNorm& branch_norm, const RmsNorm& next) {
  if (!runs_on_rows(x)) return reference::add_norm_(x, branch, branch_norm, next);
  return add(x, branch, branch_norm, 1, next);
}

at::Tensor add_scaled_(const at::Tensor& x, const at::Tensor& branch, double scale, const RmsNorm& next) {
  if (!runs_on_rows(x)) return reference::add_scaled_(x, branch, scale, next);
  return add(x, branch, {}, scale, next);
}

}  // namespace zimage::kernels
