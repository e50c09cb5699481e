#include "app/batch_dry_run.h"

#include "zimage/error.h"

#include "app/card_choice.h"
#include "app/format.h"
#include "app/plan_arguments.h"
#include "app/plan_report.h"
#include "checkpoint/checkpoint.h"
#include "plan/explain.h"
#include "plan/policy.h"

namespace zimage::app {
namespace {

constexpr std::uint64_t kBytesPerPixel = 3;        // before compression, which never makes it more
constexpr std::uint64_t kBytesPerImage = 1 << 12;  // what stands beside the pixels, the journal's line included

std::string images(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " image" : " images"); }

plan::ImageShape image_of(const Shape& shape, std::int64_t default_size) {
  plan::ImageShape image;
  image.width = shape.width == 0 ? default_size : shape.width;
  image.height = shape.height == 0 ? default_size : shape.height;
  image.guided = shape.guided;
  image.evaluations = (shape.steps - 1) * (shape.guided ? 2 : 1);
  return image;
}

std::string kind_of(const plan::ImageShape& image) {
  return std::to_string(image.width) + "x" + std::to_string(image.height) + ", " + std::to_string(image.evaluations) +
         " evaluations";
}

// Seconds of one image; says them and the peak behind `text`.
double plan_one(const plan::Problem& problem, const plan::Machine& machine, const plan::Policy& policy,
                std::string& text) {
  const plan::Outcome outcome = plan::make_plan(problem, machine, policy);
  if (outcome.shortfall) {
    throw Error(ErrorKind::memory, kind_of(problem.image) + ": " + plan::explain(*outcome.shortfall));
  }
  const plan::Plan& plan = *outcome.plan;
  text += ": " + format_seconds(plan.seconds()) + " each, " + format_bytes(plan.peak_bytes()) + " of " + machine.name;
  return plan.seconds();
}

}  // namespace

std::string dry_run_text(const BatchJob& job, const config::Options& options, const ListSurvey& survey) {
  const Checkpoint checkpoint(job.model.dir, job.model.components);
  const bool is_planned = job.pipeline.device != "cpu" || options.pipeline.device == "auto";
  const plan::Machine machine = is_planned ? choose_machine({}) : plan::Machine{};
  plan::Problem problem = is_planned ? problem_of(checkpoint, options, machine.capability) : plan::Problem{};
  std::string text = images(survey.to_draw_count()) + " to draw, " + std::to_string(survey.complete) +
                     " there already, " + std::to_string(survey.images) + " in the list\n";
  double seconds = 0;
  std::uint64_t bytes = 0;
  for (const auto& [shape, count] : survey.to_draw) {
    problem.image = image_of(shape, checkpoint.vae_config().sample_size);
    text += images(count) + " of " + kind_of(problem.image);
    if (is_planned) {
      seconds += static_cast<double>(count) * plan_one(problem, machine, plan::policy_of(options.memory), text);
    }
    text += "\n";
    const auto pixels = static_cast<std::uint64_t>(problem.image.width * problem.image.height);
    bytes += count * (pixels * kBytesPerPixel + kBytesPerImage);
  }
  text += is_planned ? "expected: " + format_seconds(seconds) : "no time is predicted for the CPU";
  return text + ", at most " + format_bytes(bytes) + " of disk\n";
}

}  // namespace zimage::app
