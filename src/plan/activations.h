// The most device memory that each stage takes beside its weights, from shapes and levers alone: what lives at once in
// the models' code, tensor by tensor.
#pragma once

#include "plan/plan.h"

namespace zimage::plan {

std::uint64_t encode_activations(const Problem& problem, int capability);
std::uint64_t denoise_activations(const Problem& problem, int capability, const ActivationLevers& levers);
std::uint64_t decode_activations(const Problem& problem, const VaeLevers& levers);

// What the matrix products' libraries and the allocator keep for themselves, whatever the stage.
std::uint64_t workspace_bytes(int capability);

}  // namespace zimage::plan
