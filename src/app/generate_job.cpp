#include "app/generate_job.h"

#include "zimage/error.h"

#include "app/latents_file.h"
#include "app/prompt_file.h"
#include "base/text.h"
#include "config/parse.h"
#include "runtime/device.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <random>

namespace zimage::app {
namespace {

// Distilled models are trained for 9 steps; half and twice as many still work.
constexpr config::IntegerRange kUsualSteps{5, 18};
constexpr int kPixelsPerLatent = 8;

std::vector<std::string> prompts_of(const config::Options& o) {
  if (!o.prompts.empty() && o.prompt_file) throw Error(ErrorKind::usage, "--prompt-file: not together with --prompt");
  if (o.prompt_file) return {read_prompt_file(*o.prompt_file)};
  if (o.prompts.empty()) throw Error(ErrorKind::usage, "--prompt or --prompt-file is required");
  return o.prompts;
}

// The side that the latents have, if there are any; it must be the one asked for.
int side_of(const char* option, int asked, int latent_side) {
  const int side = latent_side * kPixelsPerLatent;
  if (asked != 0 && asked != side) {
    throw Error(ErrorKind::usage, std::string(option) + " " + std::to_string(asked) +
                                      ": the file of --latents is for " + std::to_string(side) + " pixels");
  }
  return config::parse_pixels({"--latents: its " + std::string(option).substr(2), std::to_string(side)});
}

void read_noise(const config::Options& o, Request& request) {
  if (!o.latents) return;
  if (o.seed) throw Error(ErrorKind::usage, "--seed: not together with --latents, which is the noise");
  if (o.count) throw Error(ErrorKind::usage, "--count: not together with --latents, all images would be the same");
  request.initial_noise = read_latents(*o.latents);
  request.width = side_of("--width", request.width, request.initial_noise->width);
  request.height = side_of("--height", request.height, request.initial_noise->height);
}

Request request_of(const config::Options& o, const std::string& prompt) {
  Request request = o.request;
  request.step_images = o.save_steps.has_value();
  request.seed = o.seed ? *o.seed : std::random_device()();
  request.prompt = prompt;
  read_noise(o, request);
  return request;
}

// All seeds from the first on must exist.
void check_seeds(const SeedRange& seeds) {
  if (seeds.count - 1 > std::numeric_limits<std::uint64_t>::max() - seeds.first) {
    throw Error(ErrorKind::usage, "--seed " + std::to_string(seeds.first) + ": the last of " +
                                      std::to_string(seeds.count) + " seeds would be above 18446744073709551615");
  }
}

std::optional<Repetition> repetition_of(const config::Options& o) {
  if (!o.repeat) {
    if (o.warmup) throw Error(ErrorKind::usage, "--warmup: needs --repeat");
    return std::nullopt;
  }
  if (o.count) throw Error(ErrorKind::usage, "--repeat: not together with --count");
  if (o.prompts.size() > 1) throw Error(ErrorKind::usage, "--repeat: not together with several prompts");
  if (o.latents) throw Error(ErrorKind::usage, "--repeat: not together with --latents, each image has another seed");
  Repetition repetition;
  repetition.timed = *o.repeat;
  repetition.warmup = o.warmup.value_or(repetition.warmup);
  return repetition;
}

void refuse_terminal() {
  if (::isatty(STDOUT_FILENO) == 0) return;
  throw Error(ErrorKind::usage, "--out -: standard output is a terminal; send it to a file or to a program");
}

// Each once.
std::vector<std::string> all_warnings(const GenerateJob& job) {
  std::vector<std::string> all;
  Request request = job.request;
  for (const std::string& prompt : job.prompts) {
    request.prompt = prompt;
    for (const std::string& warning : warnings_about(request)) {
      if (std::find(all.begin(), all.end(), warning) == all.end()) all.push_back(warning);
    }
  }
  return all;
}

bool is_measured(const config::Options& o) { return o.profile || o.profile_csv || o.profile_plot || o.repeat; }

}  // namespace

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

PipelineOptions pipeline_options_of(const config::Options& o) {
  PipelineOptions options = o.pipeline;
  options.device = resolve_device(o.pipeline.device);
  options.memory = o.memory;
  if (o.request.noise_source == NoiseSource::cuda && options.device == "cpu") {
    throw Error(ErrorKind::usage, "--rng cuda: the model runs on the CPU");
  }
  return options;
}

GenerateJob make_generate_job(const config::Options& options) {
  GenerateJob job;
  job.prompts = prompts_of(options);
  job.count = options.count.value_or(1);
  job.request = request_of(options, job.prompts.front());
  job.repetition = repetition_of(options);
  const SeedRange seeds{job.request.seed, job.prompts.size() * static_cast<std::uint64_t>(job.count)};
  const int repeated = job.repetition ? job.repetition->warmup + job.repetition->timed : 1;
  check_seeds({seeds.first, std::max(seeds.count, static_cast<std::uint64_t>(repeated))});
  job.pipeline = pipeline_options_of(options);
  job.pipeline.images = {job.request.width, job.request.height, job.request.steps, job.request.guidance_scale > 0};
  job.max_batch = options.max_batch;
  job.overwrite = options.force ? io::Overwrite::yes : io::Overwrite::no;
  job.outputs = output_paths({options.out, options.save_latents, options.save_steps, job.request.steps - 1}, seeds,
                             job.overwrite);
  if (job.outputs.front().is_to_standard_output()) refuse_terminal();
  job.quality = options.quality;
  job.profile_files = profile_files(options, job.outputs, job.overwrite);
  job.metadata = options.metadata;
  job.measured = is_measured(options);
  if (job.measured) job.pipeline.memory_interval = kMemoryInterval;
  job.seed_drawn = !options.seed && !options.latents;
  job.warnings = all_warnings(job);
  return job;
}

}  // namespace zimage::app
