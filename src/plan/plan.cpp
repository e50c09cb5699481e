#include "plan/plan.h"

#include "plan/activations.h"
#include "plan/budget.h"
#include "plan/search.h"
#include "plan/suggestion.h"

#include <algorithm>

namespace zimage::plan {
namespace {

// Rungs of the ladder are at least this far apart, or this part of the higher one's peak where that is less: a smaller
// step would not help an image that ran out of memory.
constexpr std::uint64_t kRungBytes = 256ULL << 20, kRungParts = 16;
// An evaluation's two streamed units keep the two slots for the whole image.
constexpr std::size_t kSlots = 2;

Stage stage_of(const Unit& unit) {
  if (unit.component == Component::text_encoder) return Stage::encode;
  return unit.component == Component::vae ? Stage::decode : Stage::denoise;
}

// How often an image brings the unit over the link. The modulations come once for a run of images.
std::uint64_t uploads(const Unit& unit, const Residence& residence, const ImageShape& image) {
  if (unit.use == Use::schedule) return 0;
  const bool streams = residence.offload == CpuOffload::sequential && residence.streamed_evaluation > kSlots;
  if (unit.use == Use::evaluation && streams) return static_cast<std::uint64_t>(image.evaluations);
  return unit.use == Use::prompt ? static_cast<std::uint64_t>(image.batch) : 1;
}

PeakBytes peak_of(const Machine& machine, const Arena& arena, std::uint64_t resident, std::uint64_t activations) {
  return {.weights = resident,
          .slots = arena.bytes - resident,
          .activations = activations,
          .workspace = machine.libraries_bytes + workspace_bytes(machine.capability),
          .context = machine.context_bytes};
}

// The plan's stages, weights only.
std::vector<StagePlan> weights_by_stage(const Problem& problem, const Arena& arena, const Residence& residence) {
  std::vector<StagePlan> stages{{.stage = Stage::encode}, {.stage = Stage::denoise}, {.stage = Stage::decode}};
  for (std::size_t i = 0; i < problem.units.size(); ++i) {
    const Unit& unit = problem.units[i];
    StagePlan& stage =
        *std::find_if(stages.begin(), stages.end(), [&](const StagePlan& s) { return s.stage == stage_of(unit); });
    if (arena.places[i].resident) {
      stage.resident_bytes += unit.bytes;
    } else {
      stage.streamed_bytes += unit.bytes * uploads(unit, residence, problem.image);
    }
  }
  return stages;
}

HostPlan host_plan(const Problem& problem, const Arena& arena, std::uint64_t budget) {
  HostPlan host;
  for (const Use use : {Use::evaluation, Use::prompt, Use::schedule}) {
    for (std::size_t i = 0; i < problem.units.size(); ++i) {
      const Unit& unit = problem.units[i];
      if (unit.use != use || arena.places[i].resident) continue;
      std::uint64_t& where = host.weight_bytes + unit.bytes <= budget ? host.weight_bytes : host.from_file_bytes;
      where += unit.bytes;
    }
  }
  return host;
}

Plan complete(const Problem& problem, const Machine& machine, const Policy& policy, const Candidate& chosen) {
  Plan plan;
  plan.budget_bytes = device_budget(machine, policy);
  plan.levers = {chosen.residence.offload, chosen.activations, chosen.vae};
  plan.arena = lay_out(problem.units, chosen.residence);
  plan.stages = weights_by_stage(problem, plan.arena, chosen.residence);
  plan.host = host_plan(problem, plan.arena, host_budget(machine, policy));
  std::uint64_t resident = 0;
  for (std::size_t i = 0; i < problem.units.size(); ++i) {
    if (plan.arena.places[i].resident) resident += problem.units[i].bytes;
  }
  const std::uint64_t activations[]{encode_activations(problem, machine.capability),
                                    denoise_activations(problem, machine.capability, chosen.activations),
                                    decode_activations(problem, chosen.vae)};
  const double seconds[]{chosen.seconds.encode, chosen.seconds.denoise, chosen.seconds.decode};
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    plan.stages[i].peak = peak_of(machine, plan.arena, resident, activations[i]);
    plan.stages[i].seconds = seconds[i];
  }
  return plan;
}

}  // namespace

std::uint64_t Plan::peak_bytes() const {
  std::uint64_t peak = 0;
  for (const StagePlan& stage : stages) peak = std::max(peak, stage.peak.total());
  return peak;
}

double Plan::seconds() const {
  double sum = 0;
  for (const StagePlan& stage : stages) sum += stage.seconds;
  return sum;
}

Outcome make_plan(const Problem& problem, const Machine& machine, const Policy& policy) {
  const Search search(problem, machine, policy);
  const std::uint64_t budget = device_budget(machine, policy);
  if (const auto chosen = search.fastest(budget)) return {complete(problem, machine, policy, *chosen), std::nullopt};
  Plan closest = complete(problem, machine, policy, search.smallest());
  const std::uint64_t missing = closest.peak_bytes() - budget;
  std::string suggestion = suggest(problem, machine, policy, closest);
  return {std::nullopt, Shortfall{budget, missing, std::move(closest), std::move(suggestion)}};
}

std::vector<Plan> plan_ladder(const Problem& problem, const Machine& machine, const Policy& policy) {
  const Search search(problem, machine, policy);
  std::vector<Plan> ladder;
  std::optional<Candidate> next = search.fastest(device_budget(machine, policy));
  while (next) {
    ladder.push_back(complete(problem, machine, policy, *next));
    const std::uint64_t below = next->peak_bytes - std::min(next->peak_bytes / kRungParts + 1, kRungBytes);
    next = search.fastest(below);
  }
  const Candidate smallest = search.smallest();
  if (!ladder.empty() && smallest.peak_bytes < ladder.back().peak_bytes()) {
    ladder.push_back(complete(problem, machine, policy, smallest));
  }
  return ladder;
}

}  // namespace zimage::plan
