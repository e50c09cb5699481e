// The published model as a plan sees it, without its files, and the machine that the project measures on.
#pragma once

#include "plan/plan.h"

namespace zimage::test {

constexpr std::uint64_t kMiB = 1ULL << 20, kGiB = 1ULL << 30;

inline plan::ModelShape full_shape() {
  plan::ModelShape shape;
  shape.text_encoder = {.vocab_size = 151936,
                        .hidden_size = 2560,
                        .intermediate_size = 9728,
                        .num_hidden_layers = 36,
                        .num_attention_heads = 32,
                        .num_key_value_heads = 8,
                        .head_dim = 128};
  shape.transformer = {.dim = 3840,
                       .n_layers = 30,
                       .n_refiner_layers = 2,
                       .n_heads = 30,
                       .in_channels = 16,
                       .patch_size = 2,
                       .cap_feat_dim = 2560};
  shape.vae = {.block_out_channels = {128, 256, 512, 512}, .layers_per_block = 2, .latent_channels = 16};
  return shape;
}

// Sizes as the published checkpoint has them, to within the vectors.
inline plan::Units full_units(const plan::UnitTypes& types) {
  using plan::Component, plan::Use;
  const std::uint64_t b = dtype_bytes(types.model);
  plan::Units units{{Component::text_encoder, "rest", Use::always, 2560 * 4}};
  for (int i = 0; i < 35; ++i) {
    units.push_back({Component::text_encoder, "layers." + std::to_string(i), Use::prompt, 100'925'440 * b + 24'576});
  }
  const std::uint64_t block = 176'947'200 * b + 62'464;
  const auto add = [&](const std::string& stack, int count, Use use) {
    for (int i = 0; i < count; ++i) units.push_back({Component::transformer, stack + std::to_string(i), use, block});
  };
  units.push_back({Component::transformer, "rest", Use::always, 13'000'000 * b});
  units.push_back({Component::transformer, "modulation", Use::schedule, 126'320'640 * b});
  add("context_refiner.", 2, Use::prompt);
  add("noise_refiner.", 2, Use::evaluation);
  add("layers.", 30, Use::evaluation);
  units.push_back({Component::vae, "rest", Use::always, 49'500'000 * dtype_bytes(types.vae)});
  return units;
}

inline plan::Problem full_problem(std::int64_t width = 1024, std::int64_t height = 1024, DType dtype = DType::f16) {
  plan::Problem problem{full_shape(), {}, {.model = dtype}, {.width = width, .height = height}};
  problem.units = full_units(problem.types);
  return problem;
}

// As measured: docs/benchmarks.md.
inline plan::Machine h200() {
  return {.name = "NVIDIA H200",
          .capability = 90,
          .multiprocessors = 132,
          .device_bytes = 143'771 * kMiB,
          .free_bytes = 142'900 * kMiB,
          .context_bytes = 528 * kMiB,
          .libraries_bytes = 164 * kMiB,
          .link_bytes_per_second = 55.3e9,
          .memory_bytes_per_second = 4.25e12,
          .tflops = {670, 700, 50},
          .host_bytes = 200 * kGiB};
}

}  // namespace zimage::test
