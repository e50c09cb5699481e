// A build without CUDA has no CUDA tensors, so none of these can be reached.
#include "kernels/launch.h"
#include "kernels/tensor_args.h"

#include <c10/util/Exception.h>

namespace zimage::kernels {
namespace {

[[noreturn]] void refuse() { TORCH_CHECK(false, "a CUDA kernel in a build without CUDA"); }

}  // namespace

void launch_rms_norm(const RmsNormArgs&, Stream) { refuse(); }
void launch_residual_add(const ResidualAddArgs&, Stream) { refuse(); }
void launch_layer_norm(const LayerNormArgs&, Stream) { refuse(); }
void launch_silu_mul(const SiluMulArgs&, Stream) { refuse(); }
void launch_norm_rope(const NormRopeArgs&, Stream) { refuse(); }
void launch_group_moments(const GroupMomentsArgs&, Stream) { refuse(); }
void launch_add_group_moments(const AddGroupMomentsArgs&, Stream) { refuse(); }
void launch_merge_moments(const MergeMomentsArgs&, Stream) { refuse(); }
void launch_normalise(const NormaliseArgs&, Stream) { refuse(); }
void launch_normalise_silu(const NormaliseArgs&, Stream) { refuse(); }
void launch_add_upsample(const AddUpsampleArgs&, Stream) { refuse(); }
void launch_softmax(const SoftmaxArgs&, Stream) { refuse(); }
void launch_to_rgb8(const ToRgb8Args&, Stream) { refuse(); }
Stream current_stream(const at::Tensor&) { refuse(); }
void check_launch() { refuse(); }

}  // namespace zimage::kernels
