#include "nn/attention.h"

namespace zimage::nn {
namespace {

at::Tensor batched(const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); }  // [1, H, N, head_dim]

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Mask mask) {
  const bool grouped = q.size(1) != k.size(1);
  const at::Tensor out = at::scaled_dot_product_attention(batched(q), batched(k), batched(v), /*attn_mask=*/{},
                                                          /*dropout_p=*/0.0, mask == Mask::causal,
                                                          /*scale=*/std::nullopt, grouped);
  return out.squeeze(0).transpose(0, 1).flatten(1);
}

}  // namespace zimage::nn
