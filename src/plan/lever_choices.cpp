#include "plan/lever_choices.h"

#include "plan/tokens.h"

#include <algorithm>
#include <array>

namespace zimage::plan {
namespace {

constexpr std::array<std::int64_t, 4> kSlices{2, 3, 6, 15};         // of the heads, where they divide them
constexpr std::array<std::int64_t, 3> kChunkRows{2048, 1024, 512};  // tokens
constexpr std::array<std::int64_t, 3> kStripRows{256, 128, 64};     // pixels
constexpr std::array<std::int64_t, 3> kTiles{64, 48, 32};           // latents

std::vector<std::int64_t> slice_choices(const Problem& problem, const Policy& policy) {
  if (policy.heads_per_slice) return {*policy.heads_per_slice};
  std::vector<std::int64_t> choices{0};
  const std::int64_t heads = problem.model.transformer.n_heads;
  for (const std::int64_t slices : kSlices) {
    if (slices <= heads && heads % slices == 0) choices.push_back(heads / slices);
  }
  return choices;
}

std::vector<std::int64_t> chunk_choices(const Policy& policy) {
  std::vector<std::int64_t> choices;
  if (policy.activation_recompute != true) choices.push_back(0);
  if (policy.activation_recompute != false) choices.insert(choices.end(), kChunkRows.begin(), kChunkRows.end());
  return choices;
}

}  // namespace

std::vector<ActivationLevers> activation_choices(const Problem& problem, const Policy& policy) {
  std::vector<ActivationLevers> choices;
  for (const std::int64_t rows : chunk_choices(policy)) {
    for (const std::int64_t heads : slice_choices(problem, policy)) choices.push_back({heads, rows});
  }
  return choices;
}

std::vector<VaeLevers> vae_choices(const Problem& problem, const Policy& policy) {
  std::vector<VaeLevers> choices;
  const auto may = [&](VaeTiling tiling) { return !policy.vae_tiling || *policy.vae_tiling == tiling; };
  if (may(VaeTiling::whole)) choices.push_back({});
  if (may(VaeTiling::strips)) {
    for (const std::int64_t rows : kStripRows) choices.push_back({VaeTiling::strips, rows, 0});
  }
  // Never chosen unasked: another image.
  if (policy.vae_tiling == VaeTiling::tiles || (!policy.vae_tiling && policy.allow_approximate)) {
    const std::int64_t side = std::max(problem.image.width, problem.image.height) / kLatentPixels;
    for (const std::int64_t tile : kTiles) {
      if (tile < side || tile == kTiles.back()) choices.push_back({VaeTiling::tiles, 0, tile});
    }
  }
  return choices;
}

}  // namespace zimage::plan
