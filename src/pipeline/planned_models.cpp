#include "pipeline/planned_models.h"

#include "zimage/error.h"

#include "base/log.h"
#include "checkpoint/units.h"
#include "plan/window.h"
#include "runtime/device.h"
#include "runtime/device_memory.h"
#include "runtime/machine.h"

#include <c10/core/InferenceMode.h>

namespace zimage {
namespace {

// Every need of `wanted` is one of `planned`.
bool serves(const plan::ImageShape& planned, const plan::ImageShape& wanted) {
  return wanted.width * wanted.height <= planned.width * planned.height &&
         wanted.prompt_tokens <= planned.prompt_tokens && wanted.evaluations <= planned.evaluations &&
         wanted.guided <= planned.guided && wanted.batch <= planned.batch;
}

// Of the steps of small images: their activations a second time, and the libraries' workspaces.
constexpr std::uint64_t kRecordingBytes = 192ull << 20;

std::string mib_text(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

plan::Plan fitting(const plan::Outcome& outcome, const plan::ImageShape& image) {
  if (outcome.plan) return *outcome.plan;
  const plan::Shortfall& shortfall = *outcome.shortfall;
  throw Error(ErrorKind::memory, std::to_string(image.width) + "x" + std::to_string(image.height) +
                                     " does not fit into " + mib_text(shortfall.budget_bytes) + ": " +
                                     mib_text(shortfall.missing_bytes) + " are missing" +
                                     (shortfall.suggestion.empty() ? "" : "; " + shortfall.suggestion));
}

}  // namespace

PlannedModels::PlannedModels(const Checkpoint& checkpoint, const RunChoice& run, std::future<StartedDevice> device,
                             const plan::ImageShape& image)
    : checkpoint_(checkpoint), run_(run), image_(image) {
  StartedDevice started = device.get();
  machine_ = measure_machine(run.placement.device, started.context_bytes);
  plan_ = fitting(plan::make_plan(problem(image), machine_, run.policy), image);
  std::promise<std::unique_ptr<WeightReader>> ready;
  ready.set_value(std::move(started.reader));
  start(ready.get_future());
}

void PlannedModels::prepare(const plan::ImageShape& image) {
  const plan::Machine machine = machine_now();
  const bool is_served = serves(image_, image);
  if (is_served && plan_.peak_bytes() <= machine.free_bytes) return;
  const plan::ImageShape& wanted = is_served ? image_ : image;
  const plan::Plan plan = fitting(plan::make_plan(problem(wanted), machine, run_.policy), wanted);
  log::info(is_served ? "less memory is free than was planned with: planned again" : "a larger image: planned again");
  image_ = wanted;
  if (load_ && plan.arena == plan_.arena && plan.levers == plan_.levers) {
    plan_ = plan;
  } else {
    reload(plan);
  }
}

int PlannedModels::window_images(const plan::ImageShape& image) const {
  return plan::window_images(plan_, problem(image), machine_);
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
  for (const plan::Plan& plan : plan::plan_ladder(problem(image_), machine_, run_.policy)) {
    if (plan.peak_bytes() >= plan_.peak_bytes() || plan.peak_bytes() > free_bytes) continue;
    ++rung_;
    reload(plan);
    return true;
  }
  return false;
}

plan::Problem PlannedModels::problem(const plan::ImageShape& image) const {
  const plan::UnitTypes types{run_.placement.dtype, run_.placement.vae_dtype};
  plan::ModelShape model{checkpoint_.text_encoder_config(), checkpoint_.transformer_config(), checkpoint_.vae_config()};
  model.text_encoder.attention = model.transformer.attention = run_.attention;
  return {.model = model, .units = units_of(checkpoint_, types), .types = types, .image = image};
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
  const at::Device device(run_.placement.device);
  cap_allocator(device, plan_.budget_bytes - machine_.context_bytes - machine_.libraries_bytes);
  const bool has_room = plan_.peak_bytes() + kRecordingBytes <= plan_.budget_bytes;
  if (device.is_cuda() && plan_.host.weight_bytes + plan_.host.from_file_bytes == 0 && has_room) {
    steps_ = RecordedSteps(Recording::of_small_images);
  }
  load_ = std::make_unique<ModelLoad>(checkpoint_, ModelPlan{run_.placement, run_.attention, plan_}, std::move(reader));
}

}  // namespace zimage
