// How a run keeps within memory: what it may take, and which levers it may use. Nothing given: the fastest plan that
// fits into what is free.
#pragma once

#include <cstdint>
#include <optional>

namespace zimage {

/// none: every weight stays on the device. component: a stage's weights leave it when the stage ends.
/// sequential: some layers stay, the others stream from host memory while the device computes.
enum class CpuOffload { none, component, sequential };

/// whole: each convolution at once. strips: by rows, the same image. tiles: independent overlapping tiles, blended: an
/// approximation, because each tile's norms see that tile alone.
enum class VaeTiling { whole, strips, tiles };

/// A lever that is not given is chosen by the plan.
struct MemoryOptions {
  std::optional<std::uint64_t> budget_bytes;       ///< of the device, for the whole process, its CUDA context included
  std::optional<std::uint64_t> host_budget_bytes;  ///< for weights kept in host memory
  std::optional<CpuOffload> cpu_offload;           ///< whether weights leave the device
  std::optional<int> heads_per_slice;              ///< attention slicing; 0: off
  std::optional<bool> activation_recompute;        ///< blocks work on some of the image's tokens at a time
  std::optional<VaeTiling> vae_tiling;             ///< how the VAE decodes
  bool allow_approximate = false;                  ///< the plan may choose VAE tiles
  bool strict_plan = false;  ///< an image that runs out of memory fails, instead of going on with a smaller plan
  double oom_retry_delay_seconds = 2;  ///< before it is tried again
  int cache_clear_interval = 0;        ///< images after which unused device memory goes back to the driver; 0: never
};

}  // namespace zimage
