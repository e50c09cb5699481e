#include "plan/window.h"

#include "plan/tokens.h"

#include <algorithm>
#include <cmath>

namespace zimage::plan {
namespace {

constexpr double kSharedPart = 0.02;
constexpr std::int64_t kMostImages = 64;
// Of what is available on the host: half of what plans leave of it.
constexpr std::uint64_t kHostParts = 16;

const StagePlan& stage_of(const Plan& plan, Stage stage) {
  return *std::find_if(plan.stages.begin(), plan.stages.end(), [&](const StagePlan& s) { return s.stage == stage; });
}

// What a window waits for once, however many images it has.
double shared_seconds(const Plan& plan, const Machine& machine) {
  const StagePlan &encode = stage_of(plan, Stage::encode), &denoise = stage_of(plan, Stage::denoise);
  if (encode.streamed_bytes == 0) return 0;
  const bool takes_turns = plan.levers.cpu_offload == CpuOffload::component;  // the transformer comes once, too
  const double transformer = takes_turns ? static_cast<double>(denoise.streamed_bytes) : 0;
  return encode.seconds * static_cast<double>(plan.batch) + transformer / std::max(machine.link_bytes_per_second, 1e6);
}

std::uint64_t waiting_bytes(const Problem& problem) {
  const ImageShape& image = problem.image;
  const std::int64_t embeds = image.prompt_tokens * problem.model.text_encoder.hidden_size * (image.guided ? 2 : 1);
  const std::int64_t latents = 2 * latent_pixels(image) * problem.model.vae.latent_channels;  // noise and result
  return static_cast<std::uint64_t>((embeds + latents) * 4 + image.width * image.height * 3);
}

}  // namespace

int window_images(const Plan& plan, const Problem& problem, const Machine& machine) {
  const double image_seconds = stage_of(plan, Stage::denoise).seconds + stage_of(plan, Stage::decode).seconds;
  const double wanted = shared_seconds(plan, machine) / (kSharedPart * std::max(image_seconds, 1e-6));
  const auto most = static_cast<std::int64_t>(machine.host_bytes / kHostParts / waiting_bytes(problem));
  const double batch = static_cast<double>(plan.batch);
  const auto wanted_batches = static_cast<std::int64_t>(std::min(std::ceil(wanted / batch), 1e6));
  const std::int64_t batches = std::min(wanted_batches, std::min(most, kMostImages) / plan.batch);
  return static_cast<int>(plan.batch * std::max<std::int64_t>(batches, 1));
}

}  // namespace zimage::plan
