#include "plan/explain.h"

#include <cmath>
#include <cstdio>

namespace zimage::plan {
namespace {

constexpr std::size_t kCellWidth = 13;

std::string mib(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1 << 20;
  return std::to_string((bytes + kMiB / 2) / kMiB);
}

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string row(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    line += cell;
    line.append(cell.size() < kCellWidth ? kCellWidth - cell.size() : 1, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

bool streams(const Plan& plan, Stage stage) {
  for (const StagePlan& s : plan.stages) {
    if (s.stage == stage) return s.streamed_bytes > 0;
  }
  return false;
}

std::string offload_name(CpuOffload offload) {
  return offload == CpuOffload::none ? "none" : offload == CpuOffload::component ? "component" : "sequential";
}

}  // namespace

std::string_view stage_name(Stage stage) {
  return stage == Stage::encode ? "encode" : stage == Stage::denoise ? "denoise" : "decode";
}

std::vector<std::string> lever_names(const Plan& plan, Stage stage) {
  std::vector<std::string> names;
  if (streams(plan, stage)) names.push_back("cpu_offload: " + offload_name(plan.levers.cpu_offload));
  if (stage == Stage::denoise) {
    const ActivationLevers& levers = plan.levers.activations;
    if (levers.heads_per_slice > 0) names.push_back("attention_slicing: " + std::to_string(levers.heads_per_slice));
    if (levers.rows_per_chunk > 0) {
      names.push_back("activation_recompute: " + std::to_string(levers.rows_per_chunk) + " rows");
    }
  }
  if (stage == Stage::decode) {
    const VaeLevers& levers = plan.levers.vae;
    if (levers.tiling == VaeTiling::strips) {
      names.push_back("vae_tiling: strips of " + std::to_string(levers.strip_rows) + " rows");
    }
    if (levers.tiling == VaeTiling::tiles) {
      names.push_back("vae_tiling: tiles of " + std::to_string(levers.tile) + " latents, approximate");
    }
  }
  return names;
}

std::string explain(const Plan& plan) {
  std::string text =
      row({"MiB", "weights", "slots", "activations", "workspace", "context", "peak", "streamed", "seconds", "levers"});
  for (const StagePlan& stage : plan.stages) {
    const PeakBytes& peak = stage.peak;
    text += row({std::string(stage_name(stage.stage)), mib(peak.weights), mib(peak.slots), mib(peak.activations),
                 mib(peak.workspace), mib(peak.context), mib(peak.total()), mib(stage.streamed_bytes),
                 fixed(stage.seconds, 3), joined(lever_names(plan, stage.stage))});
  }
  text += "peak " + mib(plan.peak_bytes()) + " of " + mib(plan.budget_bytes) + " MiB, " + fixed(plan.seconds(), 2) +
          " s an image, " + mib(plan.host.weight_bytes) + " MiB of weights in host memory";
  if (plan.host.from_file_bytes > 0) text += ", " + mib(plan.host.from_file_bytes) + " MiB streamed from files";
  return text + "\n";
}

std::string explain(const Shortfall& shortfall) {
  constexpr std::uint64_t kMiB = 1 << 20;
  const std::uint64_t missing = (shortfall.missing_bytes + kMiB - 1) / kMiB;
  return "does not fit: " + std::to_string(missing) + " MiB are missing of " + mib(shortfall.closest.peak_bytes()) +
         " MiB; would fit: " + shortfall.suggestion;
}

std::string explain(const std::vector<Plan>& ladder) {
  std::string text = row({"peak, MiB", "seconds", "weights", "streamed", "host", "levers"});
  for (const Plan& plan : ladder) {
    std::uint64_t streamed = 0;
    std::vector<std::string> levers;
    for (const StagePlan& stage : plan.stages) {
      streamed += stage.streamed_bytes;
      for (const std::string& name : lever_names(plan, stage.stage)) {
        if (levers.empty() || levers.back() != name) levers.push_back(name);
      }
    }
    text += row({mib(plan.peak_bytes()), fixed(plan.seconds(), 3), mib(plan.stages.front().peak.weights), mib(streamed),
                 mib(plan.host.weight_bytes), joined(levers)});
  }
  return text;
}

}  // namespace zimage::plan
