#include "sampling/flow_match_euler.h"

namespace zimage {

std::vector<float> flow_match_sigmas(int evaluations, double shift) {
  const float shift32 = static_cast<float>(shift), shift_less_1 = static_cast<float>(shift - 1);
  std::vector<float> sigmas;
  for (int i = 0; i < evaluations; ++i) {
    // linspace in double, rounded to float32 at its end, as NumPy does it
    const double last = 1.0 / evaluations;
    const double step = evaluations > 1 ? (last - 1.0) / (evaluations - 1) : 0;
    const float s = static_cast<float>(evaluations > 1 && i == evaluations - 1 ? last : 1.0 + i * step);
    sigmas.push_back(shift32 * s / (1.0f + shift_less_1 * s));
  }
  sigmas.push_back(0);
  return sigmas;
}

void euler_step_(const at::Tensor& latents, const at::Tensor& output, float sigma, float sigma_next) {
  latents.sub_(output, sigma_next - sigma);
}

at::Tensor estimated_image(const at::Tensor& before, const at::Tensor& after, float sigma, float sigma_next) {
  if (sigma_next == 0) return after;
  return before + (after - before) * (sigma / (sigma - sigma_next));
}

}  // namespace zimage
