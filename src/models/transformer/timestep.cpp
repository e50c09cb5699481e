#include "models/transformer/timestep.h"

#include "nn/linear.h"

#include <cmath>

namespace zimage {
namespace {

constexpr std::int64_t kFrequencyDim = 256;
constexpr double kMaxPeriod = 10000;

at::Tensor linear_float32(const at::Tensor& x, const ParamView& params) {
  return nn::linear(x, params["weight"].to(at::kFloat), params["bias"].to(at::kFloat));
}

// [E] → [E, 256] = [128 cos, 128 sin]. Arguments reach 700, so each operation is rounded to float32 as the reference
// rounds it; doing the same in double moves the result by 4e-5.
at::Tensor sinusoid(const at::Tensor& t) {
  constexpr std::int64_t half = kFrequencyDim / 2;
  const at::Tensor frequencies = at::exp(-std::log(kMaxPeriod) * at::arange(0, half, at::kFloat) / half);
  const at::Tensor arguments = t.unsqueeze(1) * frequencies.unsqueeze(0);
  return at::cat({at::cos(arguments), at::sin(arguments)}, -1);
}

// c of every evaluation: [E, modulation_dim].
at::Tensor timestep_embedding(const ParamView& params, const TransformerConfig& config,
                              const std::vector<float>& sigmas) {
  const at::Tensor timesteps = at::tensor(sigmas) * 1000;
  const at::Tensor t = (1000 - timesteps) / 1000;
  const at::Tensor x = sinusoid(t * config.t_scale).to(params.device());
  const ParamView mlp = params.sub("t_embedder").sub("mlp");
  return linear_float32(at::silu(linear_float32(x, mlp.sub("0"))), mlp.sub("2"));
}

// The modulations of one block, one for each row of c.
std::vector<Modulation> block_modulations(const at::Tensor& c, const ParamView& block) {
  const at::Tensor all = linear_float32(c, block.sub("adaLN_modulation").sub("0"));
  std::vector<Modulation> modulations;
  for (const at::Tensor& row : all.unbind(0)) {
    const auto parts = row.chunk(4);
    modulations.push_back({1 + parts[0], parts[1].tanh(), 1 + parts[2], parts[3].tanh()});
  }
  return modulations;
}

}  // namespace

std::vector<StepModulations> step_modulations(const ParamView& params, const TransformerConfig& config,
                                              const std::vector<float>& sigmas) {
  const at::Tensor c = timestep_embedding(params, config, sigmas);
  std::vector<StepModulations> steps(sigmas.size());
  for (std::int64_t i = 0; i < config.n_refiner_layers; ++i) {
    const auto modulations = block_modulations(c, params.sub("noise_refiner." + std::to_string(i)));
    for (std::size_t e = 0; e < steps.size(); ++e) steps[e].noise_refiner.push_back(modulations[e]);
  }
  for (std::int64_t i = 0; i < config.n_layers; ++i) {
    const auto modulations = block_modulations(c, params.sub("layers." + std::to_string(i)));
    for (std::size_t e = 0; e < steps.size(); ++e) steps[e].layers.push_back(modulations[e]);
  }
  const ParamView final_layer = params.sub("all_final_layer.2-1").sub("adaLN_modulation").sub("1");
  const at::Tensor final_scales = 1 + linear_float32(at::silu(c), final_layer);
  for (std::size_t e = 0; e < steps.size(); ++e) steps[e].final_scale = final_scales[e];
  return steps;
}

}  // namespace zimage
