// One entry of a file of prompts. What it does not give comes from the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace zimage::batch {

struct Item {
  std::string prompt;
  std::optional<std::string> negative_prompt;
  std::optional<std::uint64_t> seed;  // of its first image
  std::optional<int> width, height;   // pixels
  std::optional<int> steps;
  std::optional<double> guidance_scale;
  std::optional<int> count;        // images
  std::optional<std::string> out;  // the file's name, or a template of it
  std::size_t line = 1;            // where it begins, from 1
};

using ItemCallback = std::function<void(Item item)>;

}  // namespace zimage::batch
