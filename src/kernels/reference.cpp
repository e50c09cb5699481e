#include "kernels/reference.h"

namespace zimage::kernels::reference {
namespace {

// float32, or float64 where that comes in (tests).
at::Tensor wide(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

at::Tensor normalised(const at::Tensor& x, double eps) {
  const at::Tensor w = wide(x);
  return w * at::rsqrt(w.square().mean(-1, /*keepdim=*/true) + eps);
}

at::Tensor next_norm(const at::Tensor& x, const RmsNorm& next, at::ScalarType out) {
  return next.weight.defined() ? rms_norm(x, next, out) : at::Tensor();
}

at::Tensor norm_rope(const at::Tensor& heads, const RmsNorm& norm, const RopeTable& table, RopePairs pairs) {
  const std::int64_t half = heads.size(-1) / 2;
  const at::Tensor x = normalised(heads, norm.eps) * norm.weight;
  const at::Tensor cos = table.cos.unsqueeze(1), sin = table.sin.unsqueeze(1);  // [N, 1, half]
  const bool adjacent = pairs == RopePairs::adjacent;
  const at::Tensor split = adjacent ? x.unflatten(-1, {half, 2}) : x.unflatten(-1, {2, half}).transpose(-1, -2);
  const at::Tensor a = split.select(-1, 0), b = split.select(-1, 1);
  return at::stack({a * cos - b * sin, a * sin + b * cos}, adjacent ? -1 : -2).flatten(-2);
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const RmsNorm& norm, at::ScalarType out) {
  return (normalised(x, norm.eps) * norm.weight).to(out);
}

at::Tensor add_norm_(const at::Tensor& x, const at::Tensor& branch, const RmsNorm& branch_norm, const RmsNorm& next) {
  x.addcmul_(normalised(branch, branch_norm.eps), branch_norm.weight);
  return next_norm(x, next, branch.scalar_type());
}

at::Tensor add_scaled_(const at::Tensor& x, const at::Tensor& branch, double scale, const RmsNorm& next) {
  x.add_(branch, scale);
  return next_norm(x, next, branch.scalar_type());
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, double eps, at::ScalarType out) {
  return (at::layer_norm(x, {x.size(-1)}, {}, {}, eps) * scale).to(out);
}

at::Tensor silu_mul(const at::Tensor& gate_up, double scale) {
  const auto halves = gate_up.chunk(2, -1);
  at::Tensor product = at::silu(wide(halves[0]));
  product.mul_(halves[1]);
  if (scale != 1) product.mul_(scale);
  return product.to(gate_up.scalar_type());
}

void norm_rope_(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& table, RopePairs pairs) {
  const at::Tensor queries = qkv.narrow(1, 0, norms.query_heads);
  const at::Tensor keys = qkv.narrow(1, norms.query_heads, norms.key_heads);
  queries.copy_(norm_rope(queries, {norms.query_weight, norms.eps}, table, pairs));
  keys.copy_(norm_rope(keys, {norms.key_weight, norms.eps}, table, pairs));
}

}  // namespace zimage::kernels::reference
