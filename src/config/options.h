// What the options of `generate` mean, wherever they were given: read and checked one by one, not yet against each
// other.
#pragma once

#include "zimage/memory.h"
#include "zimage/pipeline.h"
#include "zimage/request.h"

#include <cstdint>
#include <optional>
#include <string>

namespace zimage::config {

struct LogOptions {
  bool verbose = false, quiet = false;
  std::string format = "text";  // text | json
};

struct Options {
  std::optional<std::string> model, prompt, prompt_file;
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
  std::optional<std::string> latents, save_latents;  // files
  std::optional<std::string> profile;                // a file; empty: the table alone
  std::optional<std::string> profile_csv, profile_plot;
  bool force = false;
  LogOptions log;
};

}  // namespace zimage::config
