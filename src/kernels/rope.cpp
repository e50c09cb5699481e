#include "kernels/rope.h"

#include "kernels/rms_norm.h"

namespace zimage::kernels {

at::Tensor norm_rope(const at::Tensor& heads, const HeadNorm& norm, const RopeTable& table, RopePairs pairs) {
  const std::int64_t half = heads.size(-1) / 2;
  const at::Tensor x = rms_norm(heads, norm.weight, norm.eps, at::kFloat);
  const at::Tensor cos = table.cos.unsqueeze(1), sin = table.sin.unsqueeze(1);  // [N, 1, half]
  const bool adjacent = pairs == RopePairs::adjacent;
  const at::Tensor split = adjacent ? x.unflatten(-1, {half, 2}) : x.unflatten(-1, {2, half}).transpose(-1, -2);
  const at::Tensor a = split.select(-1, 0), b = split.select(-1, 1);
  const at::Tensor turned = at::stack({a * cos - b * sin, a * sin + b * cos}, adjacent ? -1 : -2);
  return turned.flatten(-2).to(heads.scalar_type());
}

}  // namespace zimage::kernels
