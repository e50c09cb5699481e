#include "models/vae/attention.h"

#include "kernels/softmax.h"
#include "nn/attention.h"

#include <algorithm>
#include <cmath>

namespace zimage::vae {
namespace {

constexpr std::int64_t kChunkScores = 1 << 26;   // 256 MiB of float32 and half of that in 16 bit
constexpr std::int64_t kMinChunkQueries = 2048;  // fewer leave multiprocessors without a tile

// In chunks of queries, with float32 scores: the values of a fused kernel, two matrix products at full speed. A fused
// kernel must keep 512 channels of a result in registers, and takes 2.5 times as long.
at::Tensor chunked_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const std::int64_t tokens = q.size(0), queries = std::max(kChunkScores / tokens, kMinChunkQueries);
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(1)));
  at::Tensor mixed = at::empty_like(q);
  for (std::int64_t first = 0; first < tokens; first += queries) {
    const std::int64_t count = std::min(queries, tokens - first);
    at::Tensor scores = at::mm(q.narrow(0, first, count), k.t(), at::kFloat);
    const at::Tensor weights = kernels::softmax(scores, scale, q.scalar_type());
    scores.reset();
    at::Tensor rows = mixed.narrow(0, first, count);
    at::mm_out(rows, weights, v);
  }
  return mixed;
}

}  // namespace

at::Tensor self_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  if (q.is_cuda() && q.scalar_type() == at::kBFloat16) return chunked_attention(q, k, v);
  const auto one_head = [](const at::Tensor& x) { return x.unsqueeze(1); };
  return nn::attention(one_head(q), one_head(k), one_head(v), nn::Mask::none);
}

}  // namespace zimage::vae
