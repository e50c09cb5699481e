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

// The norms of the blocks `stack`.0, `stack`.1, ... at one evaluation per row of c: [block][evaluation].
std::vector<std::vector<BlockNorms>> modulated_norms(const at::Tensor& c, const ParamView& stack, std::int64_t blocks) {
  std::vector<std::vector<BlockNorms>> all(blocks);
  for (std::int64_t i = 0; i < blocks; ++i) {
    const ParamView block = stack.sub(std::to_string(i));
    const BlockNorms plain = plain_norms(block);
    const auto m = linear_float32(c, block.sub("adaLN_modulation").sub("0")).chunk(4, -1);  // s_a, g_a, s_f, g_f
    const auto attention_in = ((1 + m[0]) * plain.attention_in).unbind();
    const auto attention_out = (m[1].tanh() * plain.attention_out).unbind();
    const auto ffn_in = ((1 + m[2]) * plain.ffn_in).unbind();
    const auto ffn_out = (m[3].tanh() * plain.ffn_out).unbind();
    for (std::size_t e = 0; e < attention_in.size(); ++e) {
      all[i].push_back({attention_in[e], attention_out[e], ffn_in[e], ffn_out[e]});
    }
  }
  return all;
}

}  // namespace

std::vector<StepNorms> step_norms(const ParamView& params, const TransformerConfig& config,
                                  const std::vector<float>& sigmas) {
  const Lease lease = params.acquire("modulation");
  const at::Tensor c = timestep_embedding(params, config, sigmas);
  const auto noise_refiner = modulated_norms(c, params.sub("noise_refiner"), config.n_refiner_layers);
  const auto layers = modulated_norms(c, params.sub("layers"), config.n_layers);
  const ParamView final_layer = params.sub("all_final_layer.2-1").sub("adaLN_modulation").sub("1");
  const auto final_scales = (1 + linear_float32(at::silu(c), final_layer)).unbind();
  std::vector<StepNorms> steps(sigmas.size());
  for (std::size_t e = 0; e < steps.size(); ++e) {
    for (const auto& block : noise_refiner) steps[e].noise_refiner.push_back(block[e]);
    for (const auto& block : layers) steps[e].layers.push_back(block[e]);
    steps[e].final_scale = final_scales[e];
  }
  return steps;
}

}  // namespace zimage
