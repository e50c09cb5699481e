#include "plan/plan.h"

#include "plan/activations.h"
#include "plan/batch_search.h"
#include "plan/budget.h"
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

// How often a batch brings the unit over the link. The modulations come once for a run of images.
std::uint64_t uploads(const Unit& unit, const Residence& residence, const ImageShape& image) {
  if (unit.use == Use::schedule) return 0;
  const bool streams = residence.offload == CpuOffload::sequential && residence.streamed_evaluation > kSlots;
  return unit.use == Use::evaluation && streams ? static_cast<std::uint64_t>(image.evaluations) : 1;
}

// Without activations.
PeakBytes peak_of(const Machine& machine, const Residence& residence, const Arena& arena, std::uint64_t resident) {
  return {.weights = resident,
          .slots = arena.bytes - resident,
          .workspace = machine.libraries_bytes + workspace_bytes(machine.capability, residence),
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

Plan with_activations(Plan plan, const Activations& activations) {
  const std::uint64_t of_stage[]{activations.encode, activations.denoise, activations.decode};
  for (std::size_t i = 0; i < plan.stages.size(); ++i) plan.stages[i].peak.activations = of_stage[i];
  return plan;
}

Plan complete(const Problem& problem, const Machine& machine, const Policy& policy, const Candidate& chosen) {
  Plan plan;
  plan.budget_bytes = device_budget(machine, policy);
  plan.batch = problem.image.batch;
  plan.levers = {chosen.residence.offload, chosen.activations, chosen.vae};
  plan.arena = lay_out(problem.units, chosen.residence);
  plan.stages = weights_by_stage(problem, plan.arena, chosen.residence);
  plan.host = host_plan(problem, plan.arena, host_budget(machine, policy));
  std::uint64_t resident = 0;
  for (std::size_t i = 0; i < problem.units.size(); ++i) {
    if (plan.arena.places[i].resident) resident += problem.units[i].bytes;
  }
  const double seconds[]{chosen.seconds.encode, chosen.seconds.denoise, chosen.seconds.decode};
  for (std::size_t i = 0; i < plan.stages.size(); ++i) {
    plan.stages[i].peak = peak_of(machine, chosen.residence, plan.arena, resident);
    plan.stages[i].seconds = seconds[i] / static_cast<double>(plan.batch);
  }
  return with_activations(plan, most_activations(problem, machine, plan.levers));
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

Plan for_image(const Plan& plan, const Problem& problem, const Machine& machine) {
  return with_activations(plan, activations(problem, machine, plan.levers));
}

Plan for_images(const Plan& plan, const Problem& problem, const Machine& machine) {
  Problem batch = problem;
  batch.image.batch = plan.batch;
  return with_activations(plan, most_activations(batch, machine, plan.levers));
}

Outcome make_plan(const Problem& problem, const Machine& machine, const Policy& policy) {
  const BatchSearch search(problem, machine, policy);
  const std::uint64_t budget = device_budget(machine, policy);
  if (const auto chosen = search.fastest(budget)) {
    return {complete(*chosen->problem, machine, policy, chosen->candidate), std::nullopt};
  }
  Plan closest = complete(problem, machine, policy, search.smallest().candidate);
  const std::uint64_t missing = closest.peak_bytes() - budget;
  std::string suggestion = suggest(problem, machine, policy, closest);
  return {std::nullopt, Shortfall{budget, missing, std::move(closest), std::move(suggestion)}};
}

std::vector<Plan> plan_ladder(const Problem& problem, const Machine& machine, const Policy& policy) {
  const BatchSearch search(problem, machine, policy);
  std::vector<Plan> ladder;
  const auto add = [&](const BatchCandidate& chosen) {
    ladder.push_back(complete(*chosen.problem, machine, policy, chosen.candidate));
    return chosen.candidate.peak_bytes;
  };
  std::optional<BatchCandidate> next = search.fastest(device_budget(machine, policy));
  while (next) {
    const std::uint64_t peak_bytes = add(*next);
    next = search.fastest(peak_bytes - std::min(peak_bytes / kRungParts + 1, kRungBytes));
  }
  const BatchCandidate smallest = search.smallest();
  if (!ladder.empty() && smallest.candidate.peak_bytes < ladder.back().peak_bytes()) add(smallest);
  return ladder;
}

}  // namespace zimage::plan
