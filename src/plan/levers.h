// The levers that trade time for memory, as a run uses them.
#pragma once

#include "zimage/memory.h"

#include <cstdint>

namespace zimage::plan {

using zimage::CpuOffload;
using zimage::VaeTiling;

// How the text encoder and the transformer spare activations; 0 turns a lever off.
struct ActivationLevers {
  std::int64_t heads_per_slice = 0;  // attention: queries, keys and values of so many heads at a time
  std::int64_t rows_per_chunk = 0;   // activation recompute: norms and feed-forward of so many tokens at a time

  bool operator==(const ActivationLevers&) const = default;
};

struct VaeLevers {
  VaeTiling tiling = VaeTiling::whole;
  std::int64_t strip_rows = 0;  // of a strip, in every map; strips only
  std::int64_t tile = 0;        // latents of a tile's side; tiles only

  bool operator==(const VaeLevers&) const = default;
};

struct Levers {
  CpuOffload cpu_offload = CpuOffload::none;
  ActivationLevers activations;
  VaeLevers vae;

  bool operator==(const Levers&) const = default;
};

}  // namespace zimage::plan
