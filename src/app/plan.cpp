// zimage plan: what a run will take and how long it will last, before a weight is read. Needs no GPU.
#include "zimage/error.h"

#include "app/card_choice.h"
#include "app/command.h"
#include "app/format.h"
#include "app/model_folder.h"
#include "app/output.h"
#include "app/plan_arguments.h"
#include "app/plan_report.h"
#include "base/log.h"
#include "plan/explain.h"
#include "plan/policy.h"

#include <memory>

namespace zimage::app {
namespace {

std::string title(const ModelFolder& model, const plan::Problem& problem, const plan::Machine& machine,
                  std::uint64_t budget) {
  const plan::ImageShape& image = problem.image;
  std::string text = model_name(model) + ", " + std::to_string(image.width) + "x" + std::to_string(image.height);
  if (image.batch > 1) text += ", " + std::to_string(image.batch) + " at once";
  text += ", " + std::to_string(image.evaluations) + " evaluations, " + std::string(option_name(problem.types.model));
  return text + ", on " + machine.name + " within " + format_bytes(budget);
}

void run_plan(const PlanArguments& arguments) {
  const config::Options options = merge(arguments.run).options();
  const plan::Policy policy = plan::policy_of(options.memory);
  const plan::Machine machine = choose_machine({arguments.card, arguments.card_file});
  const ModelFolder model = find_model({options.model, options.pipeline.components});
  const Checkpoint checkpoint(model.dir, model.components);
  plan::Problem problem = problem_of(checkpoint, options, machine.capability);
  problem.image = image_of(options, arguments, checkpoint.vae_config().sample_size);

  PlanReport report{.outcome = plan::make_plan(problem, machine, policy)};
  const plan::Outcome& outcome = report.outcome;
  const std::uint64_t budget = outcome.plan ? outcome.plan->budget_bytes : outcome.shortfall->budget_bytes;
  report.title = title(model, problem, machine, budget);
  if (arguments.all) report.ladder = plan::plan_ladder(problem, machine, policy);
  print(arguments.json ? report_json(report) : report_text(report));
  if (policy.budget_bytes && budget < *policy.budget_bytes) {
    log::info("--vram-budget: no more than " + format_bytes(budget) + " of " + machine.name + " is free for a run");
  }
  if (outcome.shortfall) throw Error(ErrorKind::memory, plan::explain(*outcome.shortfall));
}

}  // namespace

Command plan_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "plan", "Say what a run will take and how long it will last; no GPU is touched, no weight read");
  command->footer("Example:\n  zimage plan --model Z-Image-Turbo --card rtx-3060 --width 1024 --height 1024\n");
  const auto arguments = std::make_shared<PlanArguments>();
  add_plan_options(*command, *arguments);
  return {command, [arguments] { run_plan(*arguments); }};
}

}  // namespace zimage::app
