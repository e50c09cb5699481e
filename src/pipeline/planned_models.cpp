#include "pipeline/planned_models.h"

#include "zimage/error.h"

#include "base/log_event.h"
#include "checkpoint/units.h"
#include "pipeline/plan_profile.h"
#include "plan/explain.h"
#include "plan/window.h"
#include "runtime/device.h"
#include "runtime/device_memory.h"
#include "runtime/machine.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace zimage {
namespace {

// Of the steps of small images: their activations a second time, and the libraries' workspaces.
constexpr std::uint64_t kRecordingBytes = 192ull << 20;

std::string mib_text(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// Read by programs; people have the debug line.
log::Event event_of(const plan::Plan& plan) {
  return {"plan",
          "planned",
          {{"peak_bytes", std::uint64_t{plan.peak_bytes()}},
           {"budget_bytes", std::uint64_t{plan.budget_bytes}},
           {"weight_bytes", std::uint64_t{plan.arena.bytes}},
           {"host_weight_bytes", std::uint64_t{plan.host.weight_bytes}},
           {"levers", in_words(plan.levers)}}};
}

plan::Problem problem_of(const Checkpoint& checkpoint, const RunChoice& run, const plan::ImageShape& image) {
  const plan::UnitTypes types{run.placement.dtype, run.placement.vae_dtype};
  plan::ModelShape model{checkpoint.text_encoder_config(), checkpoint.transformer_config(), checkpoint.vae_config()};
  model.text_encoder.attention = model.transformer.attention = run.attention;
  return {.model = model, .units = units_of(checkpoint, types), .types = types, .image = image};
}

plan::Plan fitting(const plan::Outcome& outcome) {
  if (!outcome.plan) throw Error(ErrorKind::memory, plan::explain(*outcome.shortfall));
  return *outcome.plan;
}

}  // namespace

PlannedModels::PlannedModels(const Checkpoint& checkpoint, const RunChoice& run, std::future<StartedDevice> device,
                             const plan::ImageShape& image)
    : checkpoint_(checkpoint), run_(run), problem_(problem_of(checkpoint, run, image)) {
  StartedDevice started = device.get();
  machine_ = measure_machine(run.placement.device, started.context_bytes);
  plan_ = fitting(plan::make_plan(problem_, machine_, run.policy));
  std::promise<std::unique_ptr<WeightReader>> ready;
  ready.set_value(std::move(started.reader));
  start(ready.get_future());
}

void PlannedModels::prepare(const plan::ImageShape& image) {
  const plan::Machine machine = machine_now();
  const plan::Problem wanted = problem(image);
  const std::uint64_t needed = plan::for_images(plan_, wanted, machine_).peak_bytes();
  if (needed <= std::min(plan_.budget_bytes, machine.free_bytes)) return;
  const plan::Plan plan = fitting(plan::make_plan(wanted, machine, run_.policy));
  log::info(needed > plan_.budget_bytes ? "another image than was planned for: planned again"
                                        : "less memory is free than was planned with: planned again");
  problem_ = wanted;
  if (load_ && plan.arena == plan_.arena && plan.levers == plan_.levers) {
    plan_ = plan;
  } else {
    reload(plan);
  }
}

int PlannedModels::window_images(const plan::ImageShape& image) const {
  return plan::window_images(plan_, problem(image), machine_);
}

plan::Plan PlannedModels::plan_for(const plan::ImageShape& image) const {
  return plan::for_image(plan_, problem(image), machine_);
}

ModelLoad& PlannedModels::load() {
  if (!load_) reload(plan_);
  return *load_;
}

bool PlannedModels::step_down() {
  steps_ = RecordedSteps(Recording::never);
  load_.reset();
  release_cached_memory(at::Device(run_.placement.device));
  const std::uint64_t free_bytes = machine_now().free_bytes;
  for (const plan::Plan& plan : plan::plan_ladder(problem_, machine_, run_.policy)) {
    if (plan.peak_bytes() >= plan_.peak_bytes() || plan.peak_bytes() > free_bytes) continue;
    ++rung_;
    reload(plan);
    return true;
  }
  return false;
}

plan::Problem PlannedModels::problem(const plan::ImageShape& image) const {
  plan::Problem problem = problem_;
  problem.image = image;
  return problem;
}

// What this process holds is its own to plan with.
plan::Machine PlannedModels::machine_now() const {
  plan::Machine machine = machine_;
  if (machine.capability == 0) return machine;
  machine.free_bytes = free_device_bytes(run_.placement.device) + reserved_bytes(at::Device(run_.placement.device)) +
                       machine.context_bytes + machine.libraries_bytes;
  return machine;
}

void PlannedModels::reload(const plan::Plan& plan) {
  plan_ = plan;
  steps_ = RecordedSteps(Recording::never);
  load_.reset();
  const at::Device device(run_.placement.device);
  release_cached_memory(device);
  start(std::async(std::launch::async, [device] {
    const c10::InferenceMode inference;
    return std::make_unique<WeightReader>(device);
  }));
}

void PlannedModels::start(std::future<std::unique_ptr<WeightReader>> reader) {
  log::debug("plan: at most " + mib_text(plan_.peak_bytes()) + " of " + mib_text(plan_.budget_bytes) +
             " on the device, " + mib_text(plan_.arena.bytes) + " for weights, " + mib_text(plan_.host.weight_bytes) +
             " on the host");
  log::write_for_programs(log::Level::info, event_of(plan_));
  const at::Device device(run_.placement.device);
  cap_allocator(device, plan_.budget_bytes - machine_.context_bytes - machine_.libraries_bytes);
  const bool has_room = plan_.peak_bytes() + kRecordingBytes <= plan_.budget_bytes;
  if (device.is_cuda() && plan_.host.weight_bytes + plan_.host.from_file_bytes == 0 && has_room) {
    steps_ = RecordedSteps(Recording::of_small_images);
  }
  load_ = std::make_unique<ModelLoad>(checkpoint_, ModelPlan{run_.placement, run_.attention, plan_}, std::move(reader));
}

}  // namespace zimage
