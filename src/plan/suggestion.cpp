#include "plan/suggestion.h"

#include "plan/activations.h"
#include "plan/budget.h"
#include "plan/layout.h"
#include "plan/lever_choices.h"

#include <algorithm>
#include <array>

namespace zimage::plan {
namespace {

struct Change {
  std::string options;
  Problem problem;
  Policy policy;
};

constexpr std::array kScales{0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125};
constexpr std::int64_t kPixelMultiple = 16;

// A lever left to the plan, one at a time and then all together.
void add_levers(std::vector<Change>& changes, const Problem& problem, const Policy& policy) {
  Policy all = policy;
  std::string options;
  const auto release = [&](auto lever, const std::string& option) {
    if (!(policy.*lever)) return;
    Policy released = policy;
    (released.*lever).reset();
    (all.*lever).reset();
    options += (options.empty() ? "" : " ") + option;
    changes.push_back({option, problem, released});
  };
  release(&Policy::cpu_offload, "--cpu-offload auto");
  release(&Policy::heads_per_slice, "--attention-slicing auto");
  release(&Policy::activation_recompute, "--activation-recompute auto");
  if (policy.vae_tiling != VaeTiling::tiles) release(&Policy::vae_tiling, "--vae-tiling auto");
  changes.push_back({options, problem, all});
}

// The weights' vectors stay float32, so a little more than half.
Problem in_16_bit(Problem problem) {
  for (Unit& unit : problem.units) {
    if (unit.component != Component::vae) unit.bytes = unit.bytes / 2 + unit.bytes / 50;
  }
  problem.types.model = DType::f16;
  return problem;
}

std::int64_t scaled(std::int64_t pixels, double scale) {
  const auto multiples = static_cast<std::int64_t>(static_cast<double>(pixels) * scale) / kPixelMultiple;
  return std::max<std::int64_t>(multiples, 1) * kPixelMultiple;
}

void add_sizes(std::vector<Change>& changes, const Change& from) {
  for (const double scale : kScales) {
    Change change = from;
    ImageShape& image = change.problem.image;
    image.width = scaled(image.width, scale);
    image.height = scaled(image.height, scale);
    const std::string size = "--width " + std::to_string(image.width) + " --height " + std::to_string(image.height);
    change.options += (change.options.empty() ? "" : " ") + size;
    changes.push_back(std::move(change));
  }
}

// The least change first.
std::vector<Change> changes_of(const Problem& problem, const Policy& policy) {
  std::vector<Change> changes;
  add_levers(changes, problem, policy);
  const Change released = changes.back();
  if (problem.types.model == DType::f32) changes.push_back({"--dtype fp16", in_16_bit(problem), policy});
  if (policy.vae_tiling != VaeTiling::tiles) {
    Policy approximate = policy;
    approximate.vae_tiling = VaeTiling::tiles;
    changes.push_back({"--vae-tiling tiles (another image: approximate)", problem, approximate});
  }
  add_sizes(changes, {"", problem, policy});
  add_sizes(changes, released);
  if (problem.types.model == DType::f32) {
    add_sizes(changes, {released.options + (released.options.empty() ? "" : " ") + "--dtype fp16", in_16_bit(problem),
                        released.policy});
  }
  return changes;
}

// With the workspace that it brings.
std::uint64_t least_arena(const Problem& problem, const Machine& machine, const Policy& policy) {
  std::size_t evaluation = 0, prompt = 0;
  for (const Unit& unit : problem.units) {
    if (unit.use == Use::evaluation) ++evaluation;
    if (unit.use == Use::prompt) ++prompt;
  }
  std::uint64_t least = UINT64_MAX;
  for (const Residence& residence : {Residence{CpuOffload::none, 0, 0}, Residence{CpuOffload::component, 0, 0},
                                     Residence{CpuOffload::sequential, evaluation / 2 * 2, prompt}}) {
    if (policy.cpu_offload && *policy.cpu_offload != residence.offload) continue;
    least = std::min(least, lay_out(problem.units, residence).bytes + workspace_bytes(machine.capability, residence));
  }
  return least;
}

// The plan that needs least, without its seconds. Never less than make_plan would find.
std::uint64_t least_peak(const Problem& problem, const Machine& machine, const Policy& policy) {
  std::uint64_t denoise = UINT64_MAX, decode = UINT64_MAX;
  for (const ActivationLevers& levers : activation_choices(problem, policy)) {
    denoise = std::min(denoise, most_denoise_activations(problem, machine, levers));
  }
  for (const VaeLevers& levers : vae_choices(problem, policy)) {
    decode = std::min(decode, decode_activations(problem, levers));
  }
  return machine.context_bytes + machine.libraries_bytes + least_arena(problem, machine, policy) +
         std::max({most_activations(problem, machine, {}).encode, denoise, decode});
}

}  // namespace

std::string suggest(const Problem& problem, const Machine& machine, const Policy& policy, const Plan& closest) {
  const std::uint64_t budget = device_budget(machine, policy);
  for (const Change& change : changes_of(problem, policy)) {
    if (change.options.empty()) continue;
    if (least_peak(change.problem, machine, change.policy) <= budget) return change.options;
  }
  constexpr std::uint64_t kMiB = 1 << 20;
  return "--vram-budget " + std::to_string((closest.peak_bytes() + kMiB - 1) / kMiB) + "MiB";
}

}  // namespace zimage::plan
