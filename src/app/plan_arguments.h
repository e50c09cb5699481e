// `zimage plan` as it was typed, over a configuration file, and what that means.
#pragma once

#include "app/generate_arguments.h"
#include "base/dtype.h"
#include "checkpoint/checkpoint.h"
#include "plan/plan.h"

#include <optional>
#include <string>

namespace zimage::app {

struct PlanArguments {
  GenerateArguments run;  // those options of generate that a plan depends on
  std::optional<std::string> batch, card, card_file;
  bool all = false;
  bool json = false;
};

void add_plan_options(CLI::App& command, PlanArguments& arguments);

// default_size: pixels, the model's own. Throws Error(usage) naming --batch and its rule.
plan::ImageShape image_of(const config::Options& options, const PlanArguments& arguments, std::int64_t default_size);
// As on a GPU of this compute capability. Throws Error(usage) naming --dtype and its rule.
plan::UnitTypes types_of(const config::Options& options, int capability);

// All but the image, as on a GPU of this compute capability. Throws as types_of does.
plan::Problem problem_of(const Checkpoint& checkpoint, const config::Options& options, int capability);

}  // namespace zimage::app
