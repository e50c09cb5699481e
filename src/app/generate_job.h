// What `zimage generate` will do, checked as far as it can be without loading a model.
#pragma once

#include "zimage/pipeline.h"

#include "app/output_paths.h"
#include "app/profile_files.h"
#include "app/recreation.h"
#include "config/options.h"
#include "io/file.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace zimage::app {

// --repeat
struct Repetition {
  int warmup = 2, timed = 0;  // images
};

struct GenerateJob {
  PipelineOptions pipeline;          // all but the model's folder
  int max_batch = 1;                 // images in one evaluation of the transformer
  Request request;                   // of the first image; the others have the seeds after its
  std::vector<std::string> prompts;  // each for `count` images
  int count = 1;
  std::vector<OutputPaths> outputs;  // one per image; the only one is the first image's where there is a repetition
  int quality = 95;                  // of a JPEG
  std::optional<Repetition> repetition;
  bool measured = false;                 // what it costs is said; the model is then loaded before anything else is done
  std::optional<Recreation> recreation;  // of the picture of --from
  ProfileFiles profile_files;
  io::Overwrite overwrite = io::Overwrite::no;
  bool metadata = true;               // in the pictures
  bool seed_drawn = false;            // nobody gave one
  std::vector<std::string> warnings;  // each one line
};

// All but the model's folder and the images planned for. Throws Error(usage) and Error(device).
PipelineOptions pipeline_options_of(const config::Options& options);

// What is likely not meant; each one line.
std::vector<std::string> warnings_about(const Request& request);

// Milliseconds between readings of memory where they are asked for.
constexpr int kMemoryInterval = 10;

// Throws Error(usage), Error(io), Error(device), and Error(model) for a latents file that breaks its format.
GenerateJob make_generate_job(const config::Options& options);

}  // namespace zimage::app
