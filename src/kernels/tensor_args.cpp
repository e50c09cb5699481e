#include "kernels/tensor_args.h"

namespace zimage::kernels {

Element element_of(const at::Tensor& x) {
  switch (x.scalar_type()) {
    case at::kFloat:
      return Element::f32;
    case at::kHalf:
      return Element::f16;
    case at::kBFloat16:
      return Element::bf16;
    default:
      TORCH_CHECK(false, "kernels take float32, float16 and bfloat16, not ", x.scalar_type());
  }
}

}  // namespace zimage::kernels
