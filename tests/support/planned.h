// The plans of a fixture's image on the CPU, in float32.
#pragma once

#include "zimage/pipeline.h"

#include "checkpoint/units.h"
#include "plan/plan.h"
#include "runtime/machine.h"
#include "support/fixture.h"

#include <vector>

namespace zimage::test {

inline PipelineOptions options_for(const FixtureCase& fixture, const MemoryOptions& memory) {
  const Request& request = fixture.request;
  return {.model_dir = fixture.checkpoint_dir(),
          .device = "cpu",
          .dtype = "fp32",
          .memory = memory,
          .images = {request.width, request.height, request.steps, request.guidance_scale > 0}};
}

// From the roomiest to the tightest.
inline std::vector<plan::Plan> ladder_for(const FixtureCase& fixture) {
  const Checkpoint checkpoint(fixture.checkpoint_dir());
  const plan::UnitTypes types{DType::f32, DType::f32};
  const Request& request = fixture.request;
  const plan::Problem problem{
      .model = {checkpoint.text_encoder_config(), checkpoint.transformer_config(), checkpoint.vae_config()},
      .units = units_of(checkpoint, types),
      .types = types,
      .image = {.width = request.width,
                .height = request.height,
                .evaluations = request.steps - 1,
                .guided = request.guidance_scale > 0}};
  return plan_ladder(problem, measure_machine("cpu", 0), {});
}

}  // namespace zimage::test
