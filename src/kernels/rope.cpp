#include "kernels/rope.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {

at::Tensor norm_rope(const at::Tensor& heads, const HeadNorm& norm, const RopeTable& table, RopePairs pairs) {
  if (!heads.is_cuda()) return reference::norm_rope(heads, norm, table, pairs);
  const std::int64_t tokens = heads.size(0), head_count = heads.size(1), head_dim = heads.size(2);
  TORCH_CHECK(heads.stride(2) == 1 && heads.stride(1) == head_dim && head_dim % 2 == 0);
  TORCH_CHECK(norm.weight.is_contiguous() && norm.weight.numel() == head_dim);
  TORCH_CHECK(table.cos.is_contiguous() && table.sin.is_contiguous() && table.cos.size(0) == tokens &&
              table.cos.size(1) * 2 == head_dim);
  at::Tensor y = at::empty(heads.sizes(), heads.options());
  launch_norm_rope({const_span(heads), y.mutable_data_ptr(), norm.weight.const_data_ptr<float>(),
                    table.cos.const_data_ptr<float>(), table.sin.const_data_ptr<float>(), tokens, head_count, head_dim,
                    heads.stride(0), static_cast<float>(norm.eps), pairs == RopePairs::adjacent},
                   current_stream(heads));
  check_launch();
  return y;
}

}  // namespace zimage::kernels
