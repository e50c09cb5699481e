#include "nn/linear.h"

namespace zimage::nn {

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::linear(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
}

at::Tensor scaled_linear(const at::Tensor& x, const at::Tensor& weight, double alpha) {
  if (alpha == 1) return at::linear(x, weight);
  at::Tensor out = at::empty({x.size(0), weight.size(0)}, x.options());
  // beta = 0: what `out` holds is not read.
  return at::addmm_out(out, out, x, weight.t(), /*beta=*/0, alpha);
}

}  // namespace zimage::nn
