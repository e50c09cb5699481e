#include "kernels/reference.h"

namespace zimage::kernels::reference {
namespace {

// float32, or float64 where that comes in (tests).
at::Tensor wide(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

at::Tensor normalised(const at::Tensor& x, double eps) {
  const at::Tensor w = wide(x);
  return w * at::rsqrt(w.square().mean(-1, /*keepdim=*/true) + eps);
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType out) {
  return (normalised(x, eps) * weight).to(out);
}

void add_rms_norm_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight, double eps) {
  x.addcmul_(normalised(branch, eps), weight);
}

at::Tensor silu_mul(const at::Tensor& gate_up, double scale) {
  const auto halves = gate_up.chunk(2, -1);
  at::Tensor product = at::silu(wide(halves[0]));
  product.mul_(halves[1]);
  if (scale != 1) product.mul_(scale);
  return product.to(gate_up.scalar_type());
}

at::Tensor norm_rope(const at::Tensor& heads, const HeadNorm& norm, const RopeTable& table, RopePairs pairs) {
  const std::int64_t half = heads.size(-1) / 2;
  const at::Tensor x = normalised(heads, norm.eps) * norm.weight;
  const at::Tensor cos = table.cos.unsqueeze(1), sin = table.sin.unsqueeze(1);  // [N, 1, half]
  const bool adjacent = pairs == RopePairs::adjacent;
  const at::Tensor split = adjacent ? x.unflatten(-1, {half, 2}) : x.unflatten(-1, {2, half}).transpose(-1, -2);
  const at::Tensor a = split.select(-1, 0), b = split.select(-1, 1);
  const at::Tensor turned = at::stack({a * cos - b * sin, a * sin + b * cos}, adjacent ? -1 : -2);
  return turned.flatten(-2).to(heads.scalar_type());
}

}  // namespace zimage::kernels::reference
