// A build without machine code for sm_90a leaves these products to the library.
#include "kernels/launch.h"

#include <c10/util/Exception.h>

namespace zimage::kernels {

Fusion linear_silu_mul_fusion(const LinearSiluMulArgs&) { return Fusion::impossible; }
void launch_linear_silu_mul(const LinearSiluMulArgs&, Stream) {
  TORCH_CHECK(false, "a kernel for sm_90a in a build without it");
}

}  // namespace zimage::kernels
