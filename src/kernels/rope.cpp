#include "kernels/rope.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {

void norm_rope_(const at::Tensor& qkv, const HeadNorms& norms, const RopeTable& table, RopePairs pairs) {
  if (!qkv.is_cuda()) return reference::norm_rope_(qkv, norms, table, pairs);
  const std::int64_t tokens = qkv.size(0), head_dim = qkv.size(2);
  TORCH_CHECK(qkv.stride(2) == 1 && qkv.stride(1) == head_dim && head_dim % 2 == 0);
  TORCH_CHECK(qkv.size(1) >= norms.query_heads + norms.key_heads);
  for (const at::Tensor* weight : {&norms.query_weight, &norms.key_weight}) {
    TORCH_CHECK(weight->is_contiguous() && weight->numel() == head_dim);
  }
  for (const at::Tensor* angles : {&table.cos, &table.sin}) {
    TORCH_CHECK(angles->is_contiguous() && angles->size(0) == tokens && angles->size(1) * 2 == head_dim);
  }
  launch_norm_rope({.heads = mutable_span(qkv),
                    .query_weight = norms.query_weight.const_data_ptr<float>(),
                    .key_weight = norms.key_weight.const_data_ptr<float>(),
                    .cos = table.cos.const_data_ptr<float>(),
                    .sin = table.sin.const_data_ptr<float>(),
                    .tokens = tokens,
                    .query_heads = norms.query_heads,
                    .key_heads = norms.key_heads,
                    .head_dim = head_dim,
                    .token_stride = qkv.stride(0),
                    .eps = static_cast<float>(norms.eps),
                    .adjacent = pairs == RopePairs::adjacent},
                   current_stream(qkv));
  check_launch();
}

}  // namespace zimage::kernels
