// `zimage plan` as it was typed, and what that means.
#pragma once

#include "zimage/memory.h"

#include "app/options.h"
#include "base/dtype.h"
#include "plan/plan.h"

#include <optional>
#include <string>

namespace zimage::app {

struct PlanArguments {
  std::optional<std::string> model, budget, host_budget, width, height, steps, guidance_scale, dtype, batch, card,
      card_file, cpu_offload, attention_slicing, activation_recompute, vae_tiling;
  bool allow_approximate = false;
  bool all = false;
  bool json = false;
  LogArguments log;
};

void add_plan_options(CLI::App& command, PlanArguments& arguments);

// These throw Error(usage) naming the option and its rule.
plan::Policy policy_of(const PlanArguments& arguments);
// default_size: pixels, the model's own.
plan::ImageShape image_of(const PlanArguments& arguments, std::int64_t default_size);
// As on a GPU of this compute capability.
plan::UnitTypes types_of(const PlanArguments& arguments, int capability);

}  // namespace zimage::app
