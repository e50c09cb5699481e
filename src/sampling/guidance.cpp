#include "sampling/guidance.h"

namespace zimage {

bool is_guided(const Guidance& guidance, float sigma) {
  const float timestep = sigma * 1000.0f;
  const float time = (1000.0f - timestep) / 1000.0f;
  return guidance.scale > 0 && !(guidance.truncation <= 1 && static_cast<double>(time) > guidance.truncation);
}

at::Tensor guide(const at::Tensor& conditional, const at::Tensor& unconditional, const Guidance& guidance) {
  at::Tensor guided = conditional + guidance.scale * (conditional - unconditional);
  if (guidance.normalization > 0) {
    const auto norm_of_each = [](const at::Tensor& x) {
      return at::linalg_vector_norm(x, /*ord=*/2, /*dim=*/{{-3, -2, -1}}, /*keepdim=*/true);
    };
    const at::Tensor bound = norm_of_each(conditional) * guidance.normalization;
    const at::Tensor norm = norm_of_each(guided);
    guided = at::where(norm > bound, guided * (bound / norm), guided);
  }
  return guided;
}

}  // namespace zimage
