#include "app/generate_job.h"

#include "zimage/error.h"

#include "app/latents_file.h"
#include "app/parse.h"
#include "app/prompt_file.h"
#include "base/text.h"
#include "runtime/device.h"

#include <algorithm>
#include <limits>
#include <random>

namespace zimage::app {
namespace {

constexpr IntegerRange kSteps{2, 1000};
constexpr IntegerRange kCount{1, 100'000};
constexpr IntegerRange kThreads{1, 1024};
constexpr IntegerRange kRepeat{1, 100'000};
constexpr IntegerRange kWarmup{0, 1000};
// Distilled models are trained for 9 steps; half and twice as many still work.
constexpr IntegerRange kUsualSteps{5, 18};
constexpr int kPixelsPerLatent = 8;

std::string prompt_of(const GenerateArguments& a) {
  if (a.prompt && a.prompt_file) throw Error(ErrorKind::usage, "--prompt-file: not together with --prompt");
  if (a.prompt_file) return read_prompt_file(*a.prompt_file);
  if (!a.prompt) throw Error(ErrorKind::usage, "--prompt or --prompt-file is required");
  check_prompt_text("--prompt", *a.prompt);
  return *a.prompt;
}

double number_or(const char* option, const std::optional<std::string>& text, double fallback) {
  return text ? parse_not_negative({option, *text}) : fallback;
}

int integer_or(const char* option, const std::optional<std::string>& text, const IntegerRange& range, int fallback) {
  return text ? static_cast<int>(parse_integer({option, *text}, range)) : fallback;
}

// The side that the latents have, if there are any; it must be the one asked for.
int side_of(const char* option, int asked, int latent_side) {
  const int side = latent_side * kPixelsPerLatent;
  if (asked != 0 && asked != side) {
    throw Error(ErrorKind::usage, std::string(option) + " " + std::to_string(asked) +
                                      ": the file of --latents is for " + std::to_string(side) + " pixels");
  }
  return parse_pixels({"--latents: its " + std::string(option).substr(2), std::to_string(side)});
}

void read_noise(const GenerateArguments& a, Request& request) {
  if (!a.latents) return;
  if (a.seed) throw Error(ErrorKind::usage, "--seed: not together with --latents, which is the noise");
  if (a.count) throw Error(ErrorKind::usage, "--count: not together with --latents, all images would be the same");
  request.initial_noise = read_latents(*a.latents);
  request.width = side_of("--width", request.width, request.initial_noise->width);
  request.height = side_of("--height", request.height, request.initial_noise->height);
}

Request request_of(const GenerateArguments& a) {
  Request request;
  if (a.width) request.width = parse_pixels({"--width", *a.width});
  if (a.height) request.height = parse_pixels({"--height", *a.height});
  request.steps = integer_or("--steps", a.steps, kSteps, request.steps);
  request.guidance_scale = number_or("--guidance-scale", a.guidance_scale, request.guidance_scale);
  request.cfg_normalization = number_or("--cfg-normalization", a.cfg_normalization, request.cfg_normalization);
  request.cfg_truncation = number_or("--cfg-truncation", a.cfg_truncation, request.cfg_truncation);
  if (parse_choice({"--rng", a.rng.value_or("cpu")}, {"cpu", "cuda"}) == "cuda") {
    request.noise_source = NoiseSource::cuda;
  }
  request.seed = a.seed ? parse_seed({"--seed", *a.seed}) : std::random_device()();
  request.literal_prompt = a.literal_prompt;
  request.negative_prompt = a.negative_prompt.value_or("");
  check_prompt_text("--negative-prompt", request.negative_prompt);
  request.prompt = prompt_of(a);
  read_noise(a, request);
  return request;
}

// All seeds from the first on must exist.
void check_seeds(const SeedRange& seeds) {
  if (seeds.count - 1 > std::numeric_limits<std::uint64_t>::max() - seeds.first) {
    throw Error(ErrorKind::usage, "--seed " + std::to_string(seeds.first) + ": the last of " +
                                      std::to_string(seeds.count) + " seeds would be above 18446744073709551615");
  }
}

std::optional<Repetition> repetition_of(const GenerateArguments& a) {
  if (!a.repeat) {
    if (a.warmup) throw Error(ErrorKind::usage, "--warmup: needs --repeat");
    return std::nullopt;
  }
  if (a.count) throw Error(ErrorKind::usage, "--repeat: not together with --count");
  if (a.latents) throw Error(ErrorKind::usage, "--repeat: not together with --latents, each image has another seed");
  Repetition repetition;
  repetition.timed = integer_or("--repeat", a.repeat, kRepeat, 0);
  repetition.warmup = integer_or("--warmup", a.warmup, kWarmup, repetition.warmup);
  return repetition;
}

std::optional<std::filesystem::path> profile_file_of(const GenerateArguments& a, const GenerateJob& job) {
  if (!a.profile || a.profile->empty()) return std::nullopt;
  const std::filesystem::path path = *a.profile;
  for (const OutputPaths& paths : job.outputs) {
    if (paths.image.lexically_normal() == path.lexically_normal()) {
      throw Error(ErrorKind::usage, "--profile " + printable(path.native()) + ": is also --out");
    }
  }
  check_writable("--profile", path, job.overwrite);
  return path;
}

std::vector<std::string> warnings_about(const Request& request) {
  std::vector<std::string> warnings;
  if (request.prompt.find_first_not_of(" \t\r\n") == std::string::npos) {
    warnings.push_back(request.prompt.empty() ? "the prompt is empty" : "the prompt is only white space");
  }
  const bool guided = request.guidance_scale > 0;
  if (!request.negative_prompt.empty() && !guided) {
    warnings.push_back("--negative-prompt does nothing at --guidance-scale 0");
  }
  if (!guided && (request.steps < kUsualSteps.min || request.steps > kUsualSteps.max)) {
    warnings.push_back("--steps " + std::to_string(request.steps) +
                       ": models that need no guidance are distilled for 9 steps, far from it images get worse");
  }
  return warnings;
}

PipelineOptions pipeline_options_of(const GenerateArguments& a, NoiseSource noise_source) {
  PipelineOptions options;
  options.dtype = parse_choice({"--dtype", a.dtype.value_or("auto")}, {"auto", "fp16", "bf16", "fp32"});
  options.attention =
      parse_choice({"--attention", a.attention.value_or("auto")}, {"auto", "cudnn", "flash", "efficient", "math"});
  options.threads = integer_or("--threads", a.threads, kThreads, 0);
  options.device = resolve_device(a.device.value_or("auto"));
  if (noise_source == NoiseSource::cuda && options.device == "cpu") {
    throw Error(ErrorKind::usage, "--rng cuda: the model runs on the CPU");
  }
  return options;
}

}  // namespace

GenerateJob make_generate_job(const GenerateArguments& arguments) {
  GenerateJob job;
  job.request = request_of(arguments);
  job.repetition = repetition_of(arguments);
  const SeedRange seeds{job.request.seed,
                        static_cast<std::uint64_t>(integer_or("--count", arguments.count, kCount, 1))};
  const int repeated = job.repetition ? job.repetition->warmup + job.repetition->timed : 1;
  check_seeds({seeds.first, std::max(seeds.count, static_cast<std::uint64_t>(repeated))});
  job.pipeline = pipeline_options_of(arguments, job.request.noise_source);
  job.overwrite = arguments.force ? io::Overwrite::yes : io::Overwrite::no;
  job.outputs = output_paths({arguments.out.value_or("result.png"), arguments.save_latents}, seeds, job.overwrite);
  job.profile_file = profile_file_of(arguments, job);
  job.seed_drawn = !arguments.seed && !arguments.latents;
  job.warnings = warnings_about(job.request);
  return job;
}

}  // namespace zimage::app
