#include "app/plan_arguments.h"

#include "zimage/error.h"

#include "checkpoint/units.h"
#include "config/parse.h"

#include <algorithm>
#include <array>

namespace zimage::app {
namespace {

constexpr config::IntegerRange kBatch{1, 64};
constexpr int kAmpere = 80;
constexpr std::array<std::string_view, 25> kKeys{"model",
                                                 "transformer",
                                                 "text_encoder",
                                                 "vae",
                                                 "tokenizer",
                                                 "dtype",
                                                 "attention.backend",
                                                 "memory.budget",
                                                 "memory.host_budget",
                                                 "memory.cpu_offload",
                                                 "memory.attention_slicing",
                                                 "memory.activation_recompute",
                                                 "memory.vae_tiling",
                                                 "memory.allow_approximate",
                                                 "image.width",
                                                 "image.height",
                                                 "image.size",
                                                 "image.aspect",
                                                 "image.megapixels",
                                                 "sampling.steps",
                                                 "sampling.guidance_scale",
                                                 "log.verbose",
                                                 "log.quiet",
                                                 "log.format",
                                                 "log.file"};

bool is_wanted(std::string_view key) { return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end(); }

}  // namespace

void add_plan_options(CLI::App& command, PlanArguments& a) {
  add_options(command, a.run, is_wanted);
  add_text_option(command, a.card,
                  {"--card", "NAME", "A card of configs/cards.yaml, such as rtx-3060", "the GPU here, else h200"});
  add_text_option(command, a.card_file, {"--card-file", "FILE", "Cards in the format of configs/cards.yaml"});
  add_text_option(command, a.batch, {"--batch", "N", "Images in one evaluation, 1 to 64", "1"});
  command.add_flag("--all", a.all, "The whole ladder: each plan that an image may fall to");
  command.add_flag("--json", a.json, "One line of JSON, sizes in bytes");
}

plan::ImageShape image_of(const config::Options& o, const PlanArguments& a, std::int64_t default_size) {
  plan::ImageShape image;
  image.width = o.request.width == 0 ? default_size : o.request.width;
  image.height = o.request.height == 0 ? default_size : o.request.height;
  image.guided = o.request.guidance_scale > 0;
  image.evaluations = (o.request.steps - 1) * (image.guided ? 2 : 1);
  if (a.batch) image.batch = config::parse_integer({"--batch", *a.batch}, kBatch);
  return image;
}

plan::UnitTypes types_of(const config::Options& o, int capability) {
  plan::UnitTypes types;
  types.model = dtype_from_option(o.pipeline.dtype).value_or(DType::f16);
  types.vae = types.model == DType::f32 || capability < kAmpere ? DType::f32 : DType::bf16;
  if (types.model == DType::bf16 && capability < kAmpere) {
    throw Error(ErrorKind::usage, "--dtype bf16: needs a GPU of compute capability 8.0 or later");
  }
  return types;
}

plan::Problem problem_of(const Checkpoint& checkpoint, const config::Options& o, int capability) {
  plan::Problem problem;
  problem.model = {checkpoint.text_encoder_config(), checkpoint.transformer_config(), checkpoint.vae_config()};
  const AttentionBackend attention =
      attention_backend_from_option(o.pipeline.attention).value_or(AttentionBackend::automatic);
  problem.model.text_encoder.attention = problem.model.transformer.attention = attention;
  problem.types = types_of(o, capability);
  problem.units = units_of(checkpoint, problem.types);
  return problem;
}

}  // namespace zimage::app
