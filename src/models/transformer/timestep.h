// What depends on the timestep alone: computed once per run, for all evaluations together.
#pragma once

#include "models/transformer/block.h"

#include <vector>

namespace zimage {

// One evaluation's norms.
struct StepNorms {
  std::vector<BlockNorms> noise_refiner, layers;
  at::Tensor final_scale;  // 1 + adaLN(silu(c)), [dim] float32
};

// One entry per sigma (the last sigma of a schedule, 0, is no evaluation and not passed). float32 throughout.
std::vector<StepNorms> step_norms(const ParamView& params, const TransformerConfig& config,
                                  const std::vector<float>& sigmas);

}  // namespace zimage
