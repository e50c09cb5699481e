// The levers that trade time for memory, as a run uses them.
#pragma once

#include <cstdint>

namespace zimage::plan {

// none: every weight stays on the device. component: a stage's weights leave it when the stage ends.
// sequential: some layers stay, the others stream through two slots while the device computes.
enum class CpuOffload { none, component, sequential };

// whole: each convolution at once. strips: by rows, in place, the same image. tiles: independent overlapping tiles,
// blended: another image, because each tile's norms see that tile alone.
enum class VaeTiling { whole, strips, tiles };

// How the text encoder and the transformer spare activations; 0 turns a lever off.
struct ActivationLevers {
  std::int64_t heads_per_slice = 0;  // attention: queries, keys and values of so many heads at a time
  std::int64_t rows_per_chunk = 0;   // activation recompute: norms and feed-forward of so many tokens at a time
};

struct VaeLevers {
  VaeTiling tiling = VaeTiling::whole;
  std::int64_t strip_rows = 0;  // of a strip, in every map; strips only
  std::int64_t tile = 0;        // latents of a tile's side; tiles only
};

struct Levers {
  CpuOffload cpu_offload = CpuOffload::none;
  ActivationLevers activations;
  VaeLevers vae;
};

}  // namespace zimage::plan
