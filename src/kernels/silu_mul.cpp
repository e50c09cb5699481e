#include "kernels/silu_mul.h"

namespace zimage::kernels {

at::Tensor silu_mul(const at::Tensor& gate_up, double scale) {
  const auto halves = gate_up.chunk(2, -1);
  at::Tensor product = at::silu(halves[0].to(at::kFloat));
  product.mul_(halves[1]);
  if (scale != 1) product.mul_(scale);
  return product.to(gate_up.scalar_type());
}

}  // namespace zimage::kernels
