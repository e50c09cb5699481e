#include "nn/attention.h"

#include "nn/chunks.h"
#include "runtime/cuda_runtime.h"
#include "runtime/scalar_type.h"

namespace zimage::nn {
namespace {

struct Heads {
  at::Tensor q, k, v;  // [1, H, N, head_dim], k and v with G heads
  bool causal;

  bool grouped() const { return q.size(1) != k.size(1); }
};

at::Tensor batched(const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); }  // [1, H, N, head_dim]

AttentionProblem problem_of(const at::Tensor& q) {
  return {q.is_cuda() ? compute_capability(q.get_device()) : 0, dtype_of(q.scalar_type()), q.size(0), q.size(2)};
}

at::Tensor cudnn(const Heads& h) {
  return std::get<0>(at::_scaled_dot_product_cudnn_attention(h.q, h.k, h.v, /*attn_bias=*/{},
                                                             /*compute_log_sumexp=*/false, /*dropout_p=*/0, h.causal));
}

at::Tensor flash(const Heads& h) {
  if (!h.q.is_cuda()) return std::get<0>(at::_scaled_dot_product_flash_attention_for_cpu(h.q, h.k, h.v, 0, h.causal));
  return std::get<0>(at::_scaled_dot_product_flash_attention(h.q, h.k, h.v, /*dropout_p=*/0, h.causal));
}

// The kernel knows no groups, so each head of k and v is repeated for its group; only a caption's few tokens have any.
at::Tensor efficient(const Heads& h) {
  const auto repeated = [&](const at::Tensor& x) {
    return h.grouped() ? x.repeat_interleave(h.q.size(1) / x.size(1), 1) : x;
  };
  return std::get<0>(at::_scaled_dot_product_efficient_attention(h.q, repeated(h.k), repeated(h.v), /*attn_bias=*/{},
                                                                 /*compute_log_sumexp=*/false, /*dropout_p=*/0,
                                                                 h.causal));
}

at::Tensor math(const Heads& h) {
  return std::get<0>(at::_scaled_dot_product_attention_math(h.q, h.k, h.v, /*attn_mask=*/{}, /*dropout_p=*/0, h.causal,
                                                            /*dropout_mask=*/{}, /*scale=*/std::nullopt, h.grouped()));
}

// A chunk of queries at a time.
at::Tensor math_in_chunks(const Heads& h, std::int64_t max_scores) {
  const std::int64_t scores = h.q.size(1) * h.k.size(2), queries = std::max<std::int64_t>(max_scores / scores, 1);
  const at::Tensor out = at::empty({h.q.size(2), h.q.size(1), h.q.size(3)}, h.q.options());
  for_each_chunk(out.size(0), queries, [&](std::int64_t first, std::int64_t count) {
    const Heads part{h.q.narrow(2, first, count), h.k, h.v, h.causal};
    out.narrow(0, first, count).copy_(math(part).squeeze(0).transpose(0, 1));
  });
  return batched(out);
}

at::Tensor run(AttentionBackend backend, const Heads& heads) {
  switch (backend) {
    case AttentionBackend::cudnn:
      return cudnn(heads);
    case AttentionBackend::flash:
      return flash(heads);
    case AttentionBackend::efficient:
      return efficient(heads);
    default:
      return math(heads);
  }
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask, AttentionBackend backend,
                     std::int64_t max_scores) {
  const Heads heads{batched(q), batched(k), batched(v), mask == Mask::causal};
  const AttentionBackend chosen = choose_attention(backend, problem_of(q));
  const bool in_chunks = chosen == AttentionBackend::math && max_scores != kAllScores && !heads.causal;
  const at::Tensor out = in_chunks ? math_in_chunks(heads, max_scores) : run(chosen, heads);
  // Every fused kernel leaves its output in the order of q: no copy.
  return out.squeeze(0).transpose(0, 1).flatten(1);
}

}  // namespace zimage::nn
