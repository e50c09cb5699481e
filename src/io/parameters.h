// How Stable Diffusion web UIs write down a picture, as text under the keyword "parameters":
//
//   a lighthouse at dusk
//   Negative prompt: fog
//   Steps: 9, Sampler: Euler, CFG scale: 1, Seed: 7, Size: 1024x1024, Model: "with, comma"
//
// Source: AUTOMATIC1111/stable-diffusion-webui, modules/infotext_utils.py, parse_generation_parameters.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zimage::io {

struct Parameters {
  std::string prompt, negative_prompt;
  std::vector<std::pair<std::string, std::string>> fields;  // "Steps", "9", in the order of the line

  // The value of the first field of this name, or null.
  const std::string* find(std::string_view name) const;
};

std::string to_string(const Parameters& parameters);

// Takes any text: what has no line of three fields or more at its end is all prompt.
Parameters parse_parameters(std::string_view text);

}  // namespace zimage::io
