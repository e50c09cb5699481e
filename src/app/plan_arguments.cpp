#include "app/plan_arguments.h"

#include "zimage/error.h"

#include "config/parse.h"

namespace zimage::app {
namespace {

using config::IntegerRange;
using config::parse_choice;
using config::parse_integer;
using config::parse_not_negative;
using config::parse_pixels;
using config::parse_size;

constexpr IntegerRange kSteps{2, 1000}, kBatch{1, 64}, kHeads{1, 1024};
constexpr std::int64_t kDefaultSteps = 9;
constexpr int kAmpere = 80;

std::optional<std::uint64_t> budget(std::string_view option, const std::optional<std::string>& text) {
  if (!text || *text == "auto") return std::nullopt;
  return parse_size({option, *text});
}

// One of the words after "auto", by its place; nothing for auto.
std::optional<int> choice(std::string_view option, const std::optional<std::string>& text,
                          const std::vector<std::string_view>& words) {
  std::vector<std::string_view> all{"auto"};
  all.insert(all.end(), words.begin(), words.end());
  const std::string word = parse_choice({option, text.value_or("auto")}, all);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == word) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::optional<std::int64_t> heads_per_slice(const std::optional<std::string>& text) {
  if (!text || *text == "auto") return std::nullopt;
  return *text == "off" ? 0 : parse_integer({"--attention-slicing", *text}, kHeads);
}

void add_lever_options(CLI::App& command, PlanArguments& a) {
  add_text_option(
      command, a.cpu_offload,
      {"--cpu-offload", "HOW", "auto, none, component or sequential: which weights leave the device", "auto"});
  add_text_option(command, a.attention_slicing,
                  {"--attention-slicing", "HEADS", "auto, off, or heads per slice", "auto"});
  add_text_option(
      command, a.activation_recompute,
      {"--activation-recompute", "WHEN", "auto, on or off: norms and feed-forward by chunks of tokens", "auto"});
  add_text_option(command, a.vae_tiling,
                  {"--vae-tiling", "HOW", "auto, off, strips (the same image) or tiles (approximate)", "auto"});
  command.add_flag("--allow-approximate", a.allow_approximate, "--vae-tiling auto may choose tiles");
}

}  // namespace

void add_plan_options(CLI::App& command, PlanArguments& a) {
  add_model_option(command, a.model);
  add_text_option(command, a.budget,
                  {"--vram-budget", "SIZE", "What the process may take of the device, such as 8GiB", "what is free"});
  add_text_option(command, a.host_budget,
                  {"--host-budget", "SIZE", "For weights in host memory, such as 16GiB", "what is available"});
  add_text_option(command, a.card,
                  {"--card", "NAME", "A card of configs/cards.yaml, such as rtx-3060", "the GPU here, else h200"});
  add_text_option(command, a.card_file, {"--card-file", "FILE", "Cards in the format of configs/cards.yaml"});
  add_text_option(command, a.width, {"--width", "PIXELS", "A multiple of 16 from 16 to 8192", "the model's own"});
  add_text_option(command, a.height, {"--height", "PIXELS", "A multiple of 16 from 16 to 8192", "the model's own"});
  add_text_option(command, a.steps, {"--steps", "N", "Points of the schedule: N - 1 evaluations", "9"});
  add_text_option(command, a.guidance_scale, {"--guidance-scale", "S", "Above 0: two evaluations a step", "0"});
  add_text_option(command, a.batch, {"--batch", "N", "Images in one evaluation, 1 to 64", "1"});
  add_text_option(command, a.dtype, {"--dtype", "TYPE", "auto, fp16, bf16 or fp32", "auto: fp16"});
  add_lever_options(command, a);
  command.add_flag("--all", a.all, "The whole ladder: each plan that an image may fall to");
  command.add_flag("--json", a.json, "One line of JSON, sizes in bytes");
  add_log_options(command, a.log);
}

plan::Policy policy_of(const PlanArguments& a) {
  plan::Policy policy;
  policy.budget_bytes = budget("--vram-budget", a.budget);
  policy.host_budget_bytes = budget("--host-budget", a.host_budget);
  if (const auto i = choice("--cpu-offload", a.cpu_offload, {"none", "component", "sequential"})) {
    policy.cpu_offload = static_cast<CpuOffload>(*i);
  }
  policy.heads_per_slice = heads_per_slice(a.attention_slicing);
  if (const auto i = choice("--activation-recompute", a.activation_recompute, {"off", "on"})) {
    policy.activation_recompute = *i == 1;
  }
  if (const auto i = choice("--vae-tiling", a.vae_tiling, {"off", "strips", "tiles"})) {
    policy.vae_tiling = static_cast<VaeTiling>(*i);
  }
  policy.allow_approximate = a.allow_approximate;
  return policy;
}

plan::ImageShape image_of(const PlanArguments& a, std::int64_t default_size) {
  plan::ImageShape image;
  image.width = a.width ? parse_pixels({"--width", *a.width}) : default_size;
  image.height = a.height ? parse_pixels({"--height", *a.height}) : default_size;
  const std::int64_t steps = a.steps ? parse_integer({"--steps", *a.steps}, kSteps) : kDefaultSteps;
  image.guided = a.guidance_scale && parse_not_negative({"--guidance-scale", *a.guidance_scale}) > 0;
  image.evaluations = (steps - 1) * (image.guided ? 2 : 1);
  if (a.batch) image.batch = parse_integer({"--batch", *a.batch}, kBatch);
  return image;
}

plan::UnitTypes types_of(const PlanArguments& a, int capability) {
  const std::string word = parse_choice({"--dtype", a.dtype.value_or("auto")}, {"auto", "fp16", "bf16", "fp32"});
  plan::UnitTypes types;
  types.model = dtype_from_option(word).value_or(DType::f16);
  types.vae = types.model == DType::f32 || capability < kAmpere ? DType::f32 : DType::bf16;
  if (types.model == DType::bf16 && capability < kAmpere) {
    throw Error(ErrorKind::usage, "--dtype bf16: needs a GPU of compute capability 8.0 or later");
  }
  return types;
}

}  // namespace zimage::app
