#include "kernels/softmax.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {

at::Tensor softmax(const at::Tensor& scores, double scale, at::ScalarType out) {
  if (!scores.is_cuda()) return reference::softmax(scores, scale, out);
  TORCH_CHECK(scores.is_contiguous() && scores.dim() == 2 && scores.scalar_type() == at::kFloat);
  at::Tensor y = at::empty(scores.sizes(), scores.options().dtype(out));
  launch_softmax(
      {scores.const_data_ptr<float>(), mutable_span(y), scores.size(0), scores.size(1), static_cast<float>(scale)},
      current_stream(scores));
  check_launch();
  return y;
}

}  // namespace zimage::kernels
