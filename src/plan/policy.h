// What a caller's options allow a plan.
#pragma once

#include "zimage/memory.h"

#include "plan/plan.h"

namespace zimage::plan {

inline Policy policy_of(const MemoryOptions& o) {
  return {.budget_bytes = o.budget_bytes,
          .host_budget_bytes = o.host_budget_bytes,
          .cpu_offload = o.cpu_offload,
          .heads_per_slice = o.heads_per_slice,
          .activation_recompute = o.activation_recompute,
          .vae_tiling = o.vae_tiling,
          .allow_approximate = o.allow_approximate};
}

}  // namespace zimage::plan
