#include "plan/search.h"

#include "plan/activations.h"
#include "plan/lever_choices.h"
#include "plan/work.h"

#include <algorithm>
#include <tuple>

namespace zimage::plan {
namespace {

// Of all evaluations, with the units' seconds of computation filled in.
double evaluations_seconds(const Problem& problem, EvaluationRow row, const BlockSeconds& blocks) {
  for (Visit& visit : row) {
    const bool is_layer = problem.units[visit.unit].name.starts_with("layers.");
    visit.compute = is_layer ? blocks.layer : blocks.refiner;
  }
  const double evaluations = static_cast<double>(problem.image.evaluations);
  return stream_seconds(row, static_cast<std::size_t>(problem.image.evaluations)) +
         evaluations * evaluation_overhead(problem);
}

}  // namespace

// One way to run: references into the tables.
struct Search::Choice {
  const Movement& movement;
  const Activations& activations;
  const Decode& decode;
  std::uint64_t peak_bytes;
  double seconds;
};

Candidate Search::candidate(const Choice& choice, const StageSeconds& seconds) {
  return {choice.movement.residence, choice.activations.levers, choice.decode.levers, choice.peak_bytes, seconds};
}

Search::Search(const Problem& problem, const Machine& machine, const Policy& policy)
    : fixed_bytes_(machine.context_bytes + machine.libraries_bytes),
      capability_(machine.capability),
      encode_bytes_(most_activations(problem, machine, {}).encode) {
  Movements found = movements(problem, machine, policy);
  movements_ = std::move(found.all);
  for (const ActivationLevers& levers : activation_choices(problem, policy)) {
    const BlockSeconds blocks = block_seconds(problem, machine, levers);
    Activations choice;
    choice.levers = levers;
    choice.bytes = most_denoise_activations(problem, machine, levers);
    for (const EvaluationRow& row : found.rows) choice.seconds.push_back(evaluations_seconds(problem, row, blocks));
    add(std::move(choice));
  }
  for (const VaeLevers& levers : vae_choices(problem, policy)) {
    decodes_.push_back({levers, decode_activations(problem, levers), decode_seconds(problem, machine, levers)});
  }
}

// Without what takes as much memory as another choice and is never faster.
void Search::add(Activations added) {
  for (const Activations& other : activations_) {
    const bool is_faster_somewhere = !std::equal(other.seconds.begin(), other.seconds.end(), added.seconds.begin(),
                                                 [](double there, double here) { return there <= here; });
    if (other.bytes <= added.bytes && !is_faster_somewhere) return;
  }
  activations_.push_back(std::move(added));
}

template <class Action>
void Search::for_each(const Action& action) const {
  for (const Activations& activations : activations_) {
    for (const Decode& decode : decodes_) {
      const std::uint64_t fixed = fixed_bytes_ + std::max({encode_bytes_, activations.bytes, decode.bytes});
      for (const Movement& movement : movements_) {
        const StageSeconds seconds{movement.encode, movement.caption + activations.seconds[movement.row],
                                   decode.seconds};
        action(Choice{movement, activations, decode,
                      fixed + movement.arena_bytes + workspace_bytes(capability_, movement.residence), seconds.total()},
               seconds);
      }
    }
  }
}

std::optional<Candidate> Search::fastest(std::uint64_t peak_bytes) const {
  std::optional<Candidate> best;
  double seconds = 0;
  for_each([&](const Choice& choice, const StageSeconds& stages) {
    if (choice.peak_bytes > peak_bytes) return;
    if (best && (choice.seconds > seconds || (choice.seconds == seconds && choice.peak_bytes >= best->peak_bytes)))
      return;
    best = candidate(choice, stages);
    seconds = choice.seconds;
  });
  return best;
}

Candidate Search::smallest() const {
  std::optional<Candidate> best;
  double seconds = 0;
  for_each([&](const Choice& choice, const StageSeconds& stages) {
    if (best && std::tuple(choice.peak_bytes, choice.seconds) >= std::tuple(best->peak_bytes, seconds)) return;
    best = candidate(choice, stages);
    seconds = choice.seconds;
  });
  return *best;
}

}  // namespace zimage::plan
