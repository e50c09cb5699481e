// Which implementation of attention runs: what --attention asks for, and what device, type and shape allow.
#pragma once

#include "base/dtype.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace zimage {

enum class AttentionBackend {
  automatic,
  cudnn,      // cuDNN's fused kernels: Ampere and later, 16-bit types
  flash,      // FlashAttention 2 on Ampere and later in 16-bit types; on the CPU LibTorch's blockwise kernel
  efficient,  // memory-efficient attention (xFormers' kernel): every GPU served, float32 too
  math,       // products and softmax one after the other, N² scores in memory: everywhere
};

// "auto" | "cudnn" | "flash" | "efficient" | "math": the spelling of --attention; nothing for another word.
std::optional<AttentionBackend> attention_backend_from_option(std::string_view name);
std::string_view option_name(AttentionBackend backend);

struct AttentionProblem {
  int capability = 0;  // of the GPU: 10 · major + minor; 0: the CPU
  DType dtype = DType::f32;
  std::int64_t tokens = 0;
  std::int64_t head_dim = 0;
};

// What computes the problem: `asked`, or for automatic the fastest that can. Throws Error(usage) naming --attention and
// the rule when `asked` cannot.
AttentionBackend choose_attention(AttentionBackend asked, const AttentionProblem& problem);

}  // namespace zimage
