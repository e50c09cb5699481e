// Where a model runs and in which types, decided before a weight is read.
#pragma once

#include "checkpoint/checkpoint.h"
#include "plan/attention_choice.h"

#include <ATen/ATen.h>

#include <string>

namespace zimage {

struct Placement {
  std::string device;            // "cpu" or "cuda:N"
  DType dtype = DType::f32;      // of the text encoder and the transformer
  DType vae_dtype = DType::f32;  // float16 overflows in the VAE: bfloat16 where the GPU has it, else float32
};

// The type of a model on the CPU whose host has `available_bytes` to give: `option`, or for "auto" fp32 if it fits,
// else the stored type. Throws Error(memory) when that does not fit.
DType choose_cpu_dtype(const std::string& option, const Checkpoint& checkpoint, std::uint64_t available_bytes);

// How the text encoder and the transformer compute attention: as asked, which for automatic each call resolves anew.
struct AttentionPlacement {
  AttentionBackend asked = AttentionBackend::automatic;
  AttentionBackend joint = AttentionBackend::math;  // what computes the transformer's joint sequence
};

// Throws Error(usage) for an unknown word, and for a backend that cannot compute the attention of both models.
AttentionPlacement place_attention(const std::string& option, const Placement& placement, const Checkpoint& checkpoint);

// The type of a model on a GPU of this compute capability (10 · major + minor): `option`, or for "auto" fp16.
// Throws Error(usage) for bf16 on Turing, which has no units for it.
DType choose_cuda_dtype(const std::string& option, int capability);

// The type of the VAE beside a model in `dtype`; capability 0: the CPU.
DType choose_vae_dtype(DType dtype, int capability);

// Resolves "auto". On CUDA: as choose_cuda_dtype; whether that fits is the plan's question. On the CPU: as
// choose_cpu_dtype. Throws Error(usage) for an unknown word, Error(device), Error(memory) when it does not fit the CPU.
Placement place(const std::string& device, const std::string& dtype, const Checkpoint& checkpoint);

}  // namespace zimage
