#include "kernels/tensor_args.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

namespace zimage::kernels {

Stream current_stream(const at::Tensor& x) { return c10::cuda::getCurrentCUDAStream(x.get_device()).stream(); }

void check_launch() { C10_CUDA_KERNEL_LAUNCH_CHECK(); }

}  // namespace zimage::kernels
