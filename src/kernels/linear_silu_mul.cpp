#include "kernels/linear_silu_mul.h"

#include "kernels/launch.h"
#include "kernels/silu_mul.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {
namespace {

// Undefined where one kernel does not compute it at least as well as `enough`.
at::Tensor fused(const at::Tensor& x, const at::Tensor& gate_up, double scale, Fusion enough) {
  if (!x.is_cuda()) return {};
  TORCH_CHECK(x.dim() == 2 && gate_up.dim() == 2 && gate_up.size(0) % 2 == 0 && gate_up.size(1) == x.size(1));
  TORCH_CHECK(gate_up.scalar_type() == x.scalar_type() && gate_up.device() == x.device());
  const at::Tensor rows = x.contiguous(), weight = gate_up.contiguous();
  LinearSiluMulArgs args{.x = const_span(rows),
                         .weight = weight.const_data_ptr(),
                         .rows = x.size(0),
                         .depth = x.size(1),
                         .columns = gate_up.size(0) / 2,
                         .scale = static_cast<float>(scale)};
  if (linear_silu_mul_fusion(args) < enough) return {};
  at::Tensor y = at::empty({args.rows, args.columns}, x.options());
  args.y = y.mutable_data_ptr();
  launch_linear_silu_mul(args, current_stream(x));
  check_launch();
  return y;
}

}  // namespace

at::Tensor fused_linear_silu_mul(const at::Tensor& x, const at::Tensor& gate_up, double scale) {
  return fused(x, gate_up, scale, Fusion::slower);
}

at::Tensor linear_silu_mul(at::Tensor x, const at::Tensor& gate_up, double scale) {
  const at::Tensor y = fused(x, gate_up, scale, Fusion::faster);
  if (y.defined()) return y;
  const at::Tensor products = at::linear(x, gate_up);
  x.reset();
  return silu_mul(products, scale);
}

}  // namespace zimage::kernels
