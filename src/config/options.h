// What the options of `generate` mean, wherever they were given: read and checked one by one, not yet against each
// other.
#pragma once

#include "zimage/memory.h"
#include "zimage/pipeline.h"
#include "zimage/request.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zimage::config {

struct LogOptions {
  bool verbose = false, quiet = false;
  std::string format = "text";      // text | json
  std::optional<std::string> file;  // messages go there too
};

struct Options {
  std::optional<std::string> model, prompt_file;
  std::vector<std::string> prompts;
  Request request;                    // without its prompt, seed and noise
  std::optional<double> aspect;       // width over height
  std::optional<double> megapixels;   // of 1024x1024 pixels
  std::optional<std::uint64_t> seed;  // nothing: drawn
  std::optional<int> count;           // images
  std::optional<int> repeat, warmup;  // images
  PipelineOptions pipeline;           // without the model's folder
  MemoryOptions memory;
  int max_batch = 1;  // images in one evaluation of the transformer
  std::string out = "result.png";
  int quality = 95;                                  // of a JPEG
  std::optional<std::string> latents, save_latents;  // files
  std::optional<std::string> save_steps;             // a folder
  std::optional<std::string> profile;                // a file; empty: the table alone
  std::optional<std::string> profile_csv, profile_plot;
  bool force = false;
  bool metadata = true;             // in the pictures
  std::optional<std::string> show;  // auto | kitty | sixel | blocks; nothing: no preview
  LogOptions log;
};

}  // namespace zimage::config
