#include "plan/movement.h"

#include "plan/budget.h"
#include "plan/work.h"

#include <algorithm>

namespace zimage::plan {
namespace {

// From files that are not in memory: an NVMe drive of the third generation.
constexpr double kFileBytesPerSecond = 3.0e9;
// What an upload costs the computation beside it: its kernels' launches wait for an event, and their memory for it.
constexpr double kUploadLaunch = 20e-6;

class Builder {
 public:
  Builder(const Problem& problem, const Machine& machine, const Policy& policy)
      : problem_(problem),
        link_(std::max(machine.link_bytes_per_second, 1e6)),
        memory_(std::max(machine.memory_bytes_per_second, 1e6)),
        host_bytes_(host_budget(machine, policy)),
        text_layer_(text_layer_seconds(problem, machine)),
        caption_block_(caption_block_seconds(problem, machine)) {
    for (std::size_t i = 0; i < problem.units.size(); ++i) {
      const Unit& unit = problem.units[i];
      all_bytes_ += aligned(unit.bytes);
      if (unit.use == Use::evaluation) evaluation_.push_back(i);
      if (unit.use == Use::prompt) prompt_.push_back(i);
      if (unit.use == Use::schedule) schedule_bytes_ += aligned(unit.bytes);
    }
  }

  Movements build(const std::optional<CpuOffload>& offload) {
    const auto may = [&](CpuOffload value) { return !offload || *offload == value; };
    if (may(CpuOffload::none)) add(CpuOffload::none, add_row(0), streamed_prompt(0));
    if (may(CpuOffload::component)) add_component();
    if (!may(CpuOffload::sequential)) return std::move(result_);
    std::vector<Prompt> prompts;
    for (std::size_t count = 0; count <= prompt_.size(); ++count) prompts.push_back(streamed_prompt(count));
    for (std::size_t count = 0; count <= evaluation_.size(); count += 2) {
      const Evaluation evaluation = add_row(count);
      for (const Prompt& prompt : prompts) add(CpuOffload::sequential, evaluation, prompt);
    }
    return std::move(result_);
  }

 private:
  // What streams of one kind of units.
  struct Share {
    std::size_t count = 0;
    std::uint64_t bytes = 0, largest = 0;
    std::vector<bool> marks = {};
  };
  struct Evaluation {
    Share share;
    std::size_t row = 0;
  };
  struct PromptSeconds {
    double encode = 0, caption = 0;
  };
  struct Prompt {
    Share share;
    PromptSeconds seconds;  // with all of it in host memory
  };

  // The unit moves: `slot` is where it arrives.
  void stream(Visit& visit, bool is_in_memory, std::size_t slot) const {
    const double bytes = static_cast<double>(problem_.units[visit.unit].bytes);
    visit.transfer = bytes / (is_in_memory ? link_ : std::min(link_, kFileBytesPerSecond));
    visit.disturbance = kUploadLaunch + bytes / memory_;
    visit.slot = slot;
  }

  Share share_of(const Residence& residence, const std::vector<std::size_t>& among) const {
    Share share{.marks = streamed_units(problem_.units, residence)};
    for (const std::size_t i : among) {
      if (!share.marks[i]) continue;
      ++share.count;
      share.bytes += aligned(problem_.units[i].bytes);
      share.largest = std::max(share.largest, aligned(problem_.units[i].bytes));
    }
    return share;
  }

  // An evaluation's streamed units are the first to be kept in host memory: they are needed most often.
  Evaluation add_row(std::size_t count) {
    Share share = share_of({CpuOffload::sequential, count, 0}, evaluation_);
    EvaluationRow row;
    std::uint64_t held = 0;
    std::size_t slot = 0;
    for (const std::size_t i : evaluation_) {
      Visit visit{.unit = i};
      if (share.marks[i]) {
        held += problem_.units[i].bytes;
        stream(visit, held <= host_bytes_, slot++ % 2);
      }
      row.push_back(visit);
    }
    result_.rows.push_back(std::move(row));
    return {std::move(share), result_.rows.size() - 1};
  }

  Prompt streamed_prompt(std::size_t count) const {
    Share share = share_of({CpuOffload::sequential, 0, count}, prompt_);
    const PromptSeconds seconds = prompt_seconds(share.marks, share.bytes);
    return {std::move(share), seconds};
  }

  void add(CpuOffload offload, const Evaluation& evaluation, const Prompt& prompt) {
    Movement movement{.residence = {offload, evaluation.share.count, prompt.share.count}, .row = evaluation.row};
    movement.arena_bytes = all_bytes_ - evaluation.share.bytes - prompt.share.bytes;
    const std::uint64_t largest = std::max(evaluation.share.largest, prompt.share.largest);
    if (largest > 0) movement.arena_bytes += std::max(2 * largest, schedule_bytes_) - schedule_bytes_;
    const std::uint64_t left = host_bytes_ - std::min(host_bytes_, evaluation.share.bytes);
    const PromptSeconds seconds =
        left >= prompt.share.bytes ? prompt.seconds : prompt_seconds(prompt.share.marks, left);
    movement.encode = seconds.encode;
    movement.caption = seconds.caption;
    result_.all.push_back(movement);
  }

  PromptSeconds prompt_seconds(const std::vector<bool>& moves, std::uint64_t host_left) const {
    const double prompts = static_cast<double>(problem_.image.batch);  // one trip of the weights serves all of them
    std::vector<Visit> layers;
    PromptSeconds seconds;
    std::size_t slot = 0;
    std::uint64_t held = 0;
    for (const std::size_t i : prompt_) {
      const Unit& unit = problem_.units[i];
      const bool is_text = unit.component == Component::text_encoder;
      Visit visit{.compute = is_text ? text_layer_ * prompts : caption_block_, .unit = i};
      if (moves[i]) {
        held += unit.bytes;
        stream(visit, held <= host_left, slot++ % 2);
      }
      if (is_text) {
        layers.push_back(visit);
      } else {
        seconds.caption += visit.compute + visit.transfer;
      }
    }
    seconds.encode = stream_seconds(layers, 1);
    return seconds;
  }

  // Whatever shares its place comes once per image, the transformer's units during the first evaluation.
  void add_component() {
    const Residence residence{CpuOffload::component, 0, 0};
    const Arena arena = lay_out(problem_.units, residence);
    std::vector<bool> moves(problem_.units.size());
    for (std::size_t i = 0; i < moves.size(); ++i) moves[i] = !arena.places[i].resident;
    EvaluationRow row;
    std::uint64_t held = 0;
    for (const std::size_t i : evaluation_) {
      Visit visit{.unit = i};
      if (moves[i]) {
        held += problem_.units[i].bytes;
        stream(visit, held <= host_bytes_, row.size());
      }
      row.push_back(visit);
    }
    result_.rows.push_back(std::move(row));
    Movement movement{.residence = residence, .arena_bytes = arena.bytes, .row = result_.rows.size() - 1};
    const PromptSeconds seconds = prompt_seconds(moves, host_bytes_ - std::min(host_bytes_, held));
    movement.encode = seconds.encode;
    movement.caption = seconds.caption;
    result_.all.push_back(movement);
  }

  const Problem& problem_;
  double link_, memory_;  // bytes per second
  std::uint64_t host_bytes_, all_bytes_ = 0, schedule_bytes_ = 0;
  double text_layer_, caption_block_;
  std::vector<std::size_t> evaluation_, prompt_;
  Movements result_;
};

}  // namespace

Movements movements(const Problem& problem, const Machine& machine, const Policy& policy) {
  return Builder(problem, machine, policy).build(policy.cpu_offload);
}

}  // namespace zimage::plan
