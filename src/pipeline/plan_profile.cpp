#include "pipeline/plan_profile.h"

namespace zimage {
namespace {

void add(std::string& words, const std::string& lever) {
  if (!words.empty()) words += ", ";
  words += lever;
}

std::string offload_in_words(plan::CpuOffload offload) {
  switch (offload) {
    case plan::CpuOffload::none:
      return "";
    case plan::CpuOffload::component:
      return "component offload";
    case plan::CpuOffload::sequential:
      return "sequential offload";
  }
  return "";
}

std::string vae_in_words(const plan::VaeLevers& vae) {
  switch (vae.tiling) {
    case plan::VaeTiling::whole:
      return "";
    case plan::VaeTiling::strips:
      return "VAE strips of " + std::to_string(vae.strip_rows) + " rows";
    case plan::VaeTiling::tiles:
      return "VAE tiles of " + std::to_string(vae.tile) + " latents (approximate)";
  }
  return "";
}

}  // namespace

std::string in_words(const plan::Levers& levers) {
  std::string words = offload_in_words(levers.cpu_offload);
  const auto& [heads, rows] = levers.activations;
  if (heads > 0) add(words, "attention by " + std::to_string(heads) + " heads");
  if (rows > 0) add(words, "recompute by " + std::to_string(rows) + " rows");
  if (const std::string vae = vae_in_words(levers.vae); !vae.empty()) add(words, vae);
  return words.empty() ? "all resident" : words;
}

PixelLevers pixel_levers(const plan::Levers& levers) {
  const plan::VaeLevers& vae = levers.vae;
  return {.heads_per_slice = static_cast<int>(levers.activations.heads_per_slice),
          .rows_per_chunk = static_cast<int>(levers.activations.rows_per_chunk),
          .vae_tiling = vae.tiling,
          .vae_strip_rows = vae.tiling == VaeTiling::strips ? static_cast<int>(vae.strip_rows) : 0,
          .vae_tile = vae.tiling == VaeTiling::tiles ? static_cast<int>(vae.tile) : 0};
}

PlanProfile plan_profile(const PlannedRun& run) {
  return {.budget_bytes = run.plan->budget_bytes,
          .levers = in_words(run.plan->levers),
          .pixel_levers = pixel_levers(run.plan->levers),
          .rung = run.rung,
          .retries = run.retries};
}

Prediction prediction(const plan::Plan& plan, Stage stage) {
  for (const plan::StagePlan& planned : plan.stages) {
    if (planned.stage == stage) return {planned.seconds, planned.peak.total()};
  }
  return {};
}

}  // namespace zimage
