// zimage_stream_speed MODEL DEVICE DTYPE SIDE RESIDENT...
//
// The transformer's evaluations of a SIDE×SIDE image with all blocks on the device, and with RESIDENT of them, the
// others streamed through two slots: milliseconds beside what computation and the link take by themselves, and whether
// the latents are the same.
#include "checkpoint/units.h"
#include "pipeline/denoise.h"
#include "runtime/scalar_type.h"
#include "runtime/timeline.h"
#include "sampling/flow_match_euler.h"
#include "support/arenas.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace zimage {
namespace {

constexpr double kLinkBytesPerMillisecond = 55e6;  // an H200's, from pinned memory
constexpr int kEvaluations = 8, kCaptionTokens = 100, kImages = 3;

struct Setting {
  const Checkpoint& checkpoint;
  at::Device device;
  DType dtype;
  DenoiseInput input;
};

struct Measured {
  double evaluation_ms = 0, load_seconds = 0;
  std::uint64_t arena_bytes = 0, streamed_bytes = 0;  // streamed: in one evaluation
  at::Tensor latents;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::uint64_t streamed_per_evaluation(const plan::Units& units, const plan::Arena& arena) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i].use == plan::Use::evaluation && !arena.places[i].resident) bytes += units[i].bytes;
  }
  return bytes;
}

Measured measure(const Setting& setting, const plan::Arena& arena) {
  using Clock = std::chrono::steady_clock;
  UnitLayouts layouts = lay_out(setting.checkpoint.transformer(), transformer_layout(setting.dtype));
  const plan::Units units = units_of(layouts);
  const WeightPlan plan{arena, {.weight_bytes = ~std::uint64_t{0}}, setting.device};
  const Clock::time_point start = Clock::now();
  const auto weights = std::make_shared<Weights>(std::move(layouts), plan, make_transfers(units, plan));
  weights->load(plan::Component::transformer, *std::make_unique<WeightReader>(setting.device));
  Measured measured{.load_seconds = std::chrono::duration<double>(Clock::now() - start).count(),
                    .arena_bytes = arena.bytes,
                    .streamed_bytes = streamed_per_evaluation(units, arena)};
  const Transformer transformer(setting.checkpoint.transformer_config(),
                                WeightStore(weights, plan::Component::transformer, scalar_type(setting.dtype)));
  std::vector<double> evaluations;
  for (int image = 0; image < kImages; ++image) {
    Timeline timeline(setting.device);
    weights->residency().expect(
        denoise_visits(transformer, setting.input.guidance, setting.input.sigmas, transformer.prepared_sigmas()));
    measured.latents = denoise(transformer, setting.input, [&](int, const at::Tensor&) { timeline.mark(); });
    const std::vector<double> seconds = timeline.seconds();
    if (image > 0) evaluations.insert(evaluations.end(), seconds.begin() + 1, seconds.end());
  }
  measured.evaluation_ms = median(evaluations) * 1e3;
  return measured;
}

int run(const Setting& setting, const std::vector<std::size_t>& resident) {
  const plan::Units units = units_of(lay_out(setting.checkpoint.transformer(), transformer_layout(setting.dtype)));
  const Measured all = measure(setting, plan::all_resident(units));
  std::printf("resident  arena MiB  load s  ms/evaluation  streamed MiB  floor ms  reached  latents\n");
  const auto print = [&](const std::string& name, const Measured& m) {
    const double floor = std::max(all.evaluation_ms, static_cast<double>(m.streamed_bytes) / kLinkBytesPerMillisecond);
    std::printf("%8s  %9.0f  %6.2f  %13.2f  %12.0f  %8.2f  %6.1f%%  %s\n", name.c_str(),
                static_cast<double>(m.arena_bytes) / (1 << 20), m.load_seconds, m.evaluation_ms,
                static_cast<double>(m.streamed_bytes) / (1 << 20), floor, 100 * floor / m.evaluation_ms,
                at::equal(m.latents, all.latents) ? "same" : "DIFFERENT");
    std::fflush(stdout);
  };
  print("all", all);
  for (const std::size_t count : resident) {
    print(std::to_string(count), measure(setting, test::two_slots(units, count)));
  }
  return 0;
}

}  // namespace
}  // namespace zimage

int main(int argc, char** argv) {
  using namespace zimage;
  const std::optional<DType> dtype = argc >= 5 ? dtype_from_option(argv[3]) : std::nullopt;
  if (!dtype) {
    std::fprintf(stderr, "usage: zimage_stream_speed MODEL cpu|cuda:N fp16|bf16|fp32 SIDE RESIDENT...\n");
    return 2;
  }
  const c10::InferenceMode inference;
  const Checkpoint checkpoint(argv[1]);
  const at::Device device(argv[2]);
  const TransformerConfig& config = checkpoint.transformer_config();
  const std::int64_t side = std::atoll(argv[4]) / 8;
  DenoiseInput input;
  input.noise = at::randn({1, config.in_channels, side, side}).to(device);
  input.prompt_embeds = {at::randn({kCaptionTokens, config.cap_feat_dim}).to(device)};
  input.sigmas = flow_match_sigmas(kEvaluations, checkpoint.scheduler_config().shift);
  std::vector<std::size_t> resident;
  for (int i = 5; i < argc; ++i) resident.push_back(std::strtoull(argv[i], nullptr, 10));
  return run({checkpoint, device, *dtype, input}, resident);
}
