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
    const at::Tensor bound = at::linalg_vector_norm(conditional) * guidance.normalization;
    const at::Tensor norm = at::linalg_vector_norm(guided);
    guided = at::where(norm > bound, guided * (bound / norm), guided);
  }
  return guided;
}

}  // namespace zimage
