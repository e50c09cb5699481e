// Scaled dot-product attention over one sequence.
#pragma once

#include "plan/attention_choice.h"

#include <ATen/ATen.h>

namespace zimage::nn {

enum class Mask { none, causal };

constexpr std::int64_t kAllScores = 0;

// softmax(q kᵀ / sqrt(head_dim)) v. q: [N, H, head_dim]; k, v: [N, G, head_dim] with H a multiple of G; all may be
// strided (slices of one packed product), their last dimension not. Returns [N, H * head_dim].
// Throws Error(usage) when `backend` cannot compute it; automatic always can.
// max_scores: how many of the H · N² scores may lie in memory at a time (one query's at least), where a backend needs
// them there; without a mask only.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask,
                     AttentionBackend backend = AttentionBackend::automatic, std::int64_t max_scores = kAllScores);

}  // namespace zimage::nn
