// What loading and a picture cost: seconds on the device's own clock, and memory. What is 0 or empty is unknown.
#pragma once

#include "zimage/memory.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zimage {

/// What an image goes through, in this order.
enum class Stage { load, encode, denoise, decode };

/// The most that was held at once by the allocator of the device's memory, in bytes; 0 on the CPU.
struct AllocatorPeak {
  std::uint64_t allocated = 0;  ///< by tensors
  std::uint64_t reserved = 0;   ///< from the driver, for tensors now and later
};

/// What the plan said that a stage would take.
struct Prediction {
  double seconds = 0;            ///< as a profile counts them
  std::uint64_t peak_bytes = 0;  ///< of the process on the device, context and libraries included
};

/// Weights that went to the device while a stage ran.
struct Transfer {
  std::uint64_t bytes = 0;    ///< over the link, or from files
  double seconds = 0;         ///< that the copies took
  double waited_seconds = 0;  ///< of these, the device had nothing to compute meanwhile

  /// The share of the copies' time that computing covered, 0 to 1; 1 where nothing was copied.
  double hidden_share() const { return seconds > 0 ? std::max(0.0, 1 - waited_seconds / seconds) : 1; }
};

/// What a stage of an image took.
struct StageProfile {
  double seconds = 0;              ///< between CUDA events around the stage's work; on the CPU by the clock
  AllocatorPeak peak;              ///< of the device's memory
  std::uint64_t device_bytes = 0;  ///< the most that the process had on the device by the driver's count; sampled
  Prediction predicted;            ///< the same as it was planned
  Transfer streamed;               ///< weights that were not resident
};

/// From nothing to a model that can draw; its peaks until it was waited for.
using LoadProfile = StageProfile;

/// The levers of a plan that pixels depend on, by their rounding alone except for VAE tiles; 0: off.
struct PixelLevers {
  int heads_per_slice = 0;                  ///< attention slicing
  int rows_per_chunk = 0;                   ///< activation recompute
  VaeTiling vae_tiling = VaeTiling::whole;  ///< how the VAE decodes
  int vae_strip_rows = 0;                   ///< of a strip
  int vae_tile = 0;                         ///< latents of a tile's side

  /// Whether all of them are the same.
  bool operator==(const PixelLevers&) const = default;
};

/// How an image's run was planned.
struct PlanProfile {
  std::uint64_t budget_bytes = 0;  ///< of device memory, for the whole process
  std::string levers;              ///< in words: "sequential offload, VAE strips of 256 rows"
  PixelLevers pixel_levers = {};   ///< the same as numbers, where pixels depend on them
  int rung = 0;                    ///< of the ladder of plans, from 1: the fastest
  int retries = 0;                 ///< of this image, after it ran out of memory
};

/// What the process had of the host's memory.
struct HostMemory {
  std::uint64_t resident_bytes = 0;  ///< the process' resident set at the end of the image
  std::uint64_t pinned_bytes = 0;    ///< of the weights and their buffers
};

/// Images of a window share the encode stage, and those of a batch the denoise stage: each profile has an equal share
/// of the seconds and the transfers.
struct Profile {
  StageProfile encode;                     ///< prompt to embeddings
  StageProfile denoise;                    ///< noise to final latents, in host memory too
  StageProfile decode;                     ///< to 8-bit pixels in host memory
  std::vector<double> evaluation_seconds;  ///< of the transformer, one a step
  int encodes = 0;                         ///< prompts that went through the text encoder, of the window
  int window = 1;                          ///< images that were drawn together
  int batch = 1;                           ///< images that shared the transformer's evaluations
  PlanProfile plan;                        ///< under which the image was drawn
  HostMemory host;                         ///< at the end of the image
};

/// Memory at one moment, in bytes; nothing where it cannot be known: of a device, on the CPU.
struct MemoryReading {
  std::optional<std::uint64_t> device;     ///< the process', by the driver's count
  std::optional<std::uint64_t> reserved;   ///< by the device's allocator, from the driver
  std::optional<std::uint64_t> allocated;  ///< of these, by tensors
  std::uint64_t host = 0;                  ///< the process' resident set
};

/// A reading while the pipeline worked.
struct MemorySample {
  double seconds = 0;          ///< since sampling began
  std::optional<Stage> stage;  ///< nothing between images
  MemoryReading memory;        ///< at that moment
};

}  // namespace zimage
