// The most device memory that each stage takes beside its weights, from shapes and levers alone: what lives at once in
// the models' code, tensor by tensor.
#pragma once

#include "plan/layout.h"
#include "plan/plan.h"

namespace zimage::plan {

// For prompts of exactly problem.image.prompt_tokens tokens.
std::uint64_t encode_activations(const Problem& problem, const Machine& machine);
std::uint64_t denoise_activations(const Problem& problem, const Machine& machine, const ActivationLevers& levers);
std::uint64_t decode_activations(const Problem& problem, const VaeLevers& levers);

// For prompts of at most so many tokens: a shorter one may need more, where only the longer one's gated products are
// made by one kernel (plan/gated_product.h).
std::uint64_t most_denoise_activations(const Problem& problem, const Machine& machine, const ActivationLevers& levers);

// Of all stages.
struct Activations {
  std::uint64_t encode = 0, denoise = 0, decode = 0;
};
Activations activations(const Problem& problem, const Machine& machine, const Levers& levers);
Activations most_activations(const Problem& problem, const Machine& machine, const Levers& levers);

// Of each of these, what stays from image to image: the last prompts' embeddings, the schedule's norms, the text
// encoder's angles.
std::uint64_t kept_activations(const Problem& problem);

// What the matrix products' libraries and the allocator keep for themselves, whatever the stage. Where all weights
// stay, the first image begins while they are still being read, and a thread has rehearsed the decode: both leave
// memory with the allocator.
std::uint64_t workspace_bytes(int capability, const Residence& residence);

}  // namespace zimage::plan
