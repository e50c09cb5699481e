// `zimage generate` as it was typed: nothing is checked yet.
#pragma once

#include "app/options.h"

#include <optional>
#include <string>

namespace zimage::app {

struct GenerateArguments {
  std::optional<std::string> model, prompt, prompt_file, negative_prompt, out, width, height, steps, guidance_scale,
      cfg_normalization, cfg_truncation, seed, count, rng, threads, device, dtype, attention, repeat, warmup, profile,
      save_latents, latents;
  bool literal_prompt = false;
  bool force = false;
  LogArguments log;
};

// Declares the options on the command.
void add_generate_options(CLI::App& command, GenerateArguments& arguments);

}  // namespace zimage::app
