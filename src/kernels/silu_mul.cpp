#include "kernels/silu_mul.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {

at::Tensor silu_mul(const at::Tensor& gate_up, double scale) {
  if (!gate_up.is_cuda()) return reference::silu_mul(gate_up, scale);
  TORCH_CHECK(gate_up.is_contiguous() && gate_up.dim() == 2 && gate_up.size(1) % 2 == 0);
  const std::int64_t columns = gate_up.size(1) / 2;
  at::Tensor y = at::empty({gate_up.size(0), columns}, gate_up.options());
  launch_silu_mul({const_span(gate_up), y.mutable_data_ptr(), gate_up.size(0), columns, static_cast<float>(scale)},
                  current_stream(gate_up));
  check_launch();
  return y;
}

}  // namespace zimage::kernels
