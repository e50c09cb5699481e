// What moves between host and device as one: a layer's matrices, or all that is small.
#pragma once

#include "base/dtype.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zimage::plan {

enum class Component { text_encoder, transformer, vae };

// When an image needs a unit.
enum class Use {
  always,      // small: embedders, norms, the final layer, the VAE's decoder. Always resident
  prompt,      // once per prompt: the text encoder's layers, the caption's refiner
  evaluation,  // once per evaluation of the transformer: its other blocks
  schedule,    // once per schedule of timesteps: the blocks' modulations, which become norms
};

struct Unit {
  Component component = Component::text_encoder;
  std::string name;  // the prefix of its tensors: "layers.3", "noise_refiner.0"; else "modulation" or "rest"
  Use use = Use::always;
  std::uint64_t bytes = 0;  // on the device: packed, in the run's types, each tensor aligned to 256 bytes
};

// The types that weights have on the device.
struct UnitTypes {
  DType model = DType::f16;  // of the text encoder's and the transformer's matrices; vectors stay float32
  DType vae = DType::bf16;
};

// In the order in which an image needs them: text encoder, transformer (caption's refiner, noise refiner, layers), VAE.
using Units = std::vector<Unit>;

}  // namespace zimage::plan
