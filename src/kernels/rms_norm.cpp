#include "kernels/rms_norm.h"

namespace zimage::kernels {
namespace {

at::Tensor normalised(const at::Tensor& x, double eps) {
  const at::Tensor x32 = x.to(at::kFloat);
  return x32 * at::rsqrt(x32.square().mean(-1, /*keepdim=*/true) + eps);
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType out) {
  return (normalised(x, eps) * weight).to(out);
}

void add_rms_norm_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight, double eps) {
  x.addcmul_(normalised(branch, eps), weight);
}

}  // namespace zimage::kernels
