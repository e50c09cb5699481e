// What a pipeline's images share, from one call to the next.
#pragma once

#include "zimage/memory.h"

#include "pipeline/planned_models.h"
#include "pipeline/prompt_cache.h"
#include "runtime/memory_sampler.h"

namespace zimage {

struct Studio {
  const Checkpoint& checkpoint;
  at::Device device;
  MemoryOptions memory;
  MemorySampler* sampler;  // may be null
  PlannedModels models;
  PromptCache prompts = {};
  bool decodes_by_strips = false;  // though the plan does not say so: memory ran out in a decode
  int images_since_clearing = 0;   // of the device's unused memory
};

// As the next decode is done.
plan::VaeLevers vae_levers(const Studio& studio);

// [H, W, 3] bytes on the host. Where memory does not suffice, once more after all that is cached has been given back,
// and then by strips, which draw the same: the allocator may have it in pieces.
at::Tensor decode(Studio& studio, const VaeDecoder& decoder, const at::Tensor& latents);

// So many images are drawn next: gives unused memory back to the driver where it is time for that.
void clear_memory_when_due(Studio& studio, std::size_t images);

}  // namespace zimage
