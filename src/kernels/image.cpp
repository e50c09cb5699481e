#include "kernels/image.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

#include <cstring>

namespace zimage::kernels {
namespace {

constexpr std::int64_t kFlagBytes = sizeof(std::int32_t);

}  // namespace

at::Tensor to_pixels(const at::Tensor& x, const at::Tensor& bias) { return reference::to_pixels(x, bias); }

Rgb8 to_rgb8(const at::Tensor& x, const at::Tensor& bias) {
  if (!x.is_cuda() || !x.is_contiguous(at::MemoryFormat::ChannelsLast)) return reference::to_rgb8(x, bias);
  TORCH_CHECK(x.dim() == 4 && x.size(0) == 1 && x.size(1) == 3);
  TORCH_CHECK(bias.is_contiguous() && bias.scalar_type() == at::kFloat && bias.numel() == 3);
  const std::int64_t pixels = x.size(2) * x.size(3);
  // The flag lies before the bytes, so that one copy brings both.
  const at::Tensor buffer = at::empty({kFlagBytes + 3 * pixels}, at::device(x.device()).dtype(at::kByte));
  buffer.narrow(0, 0, kFlagBytes).zero_();
  std::uint8_t* const data = buffer.mutable_data_ptr<std::uint8_t>();
  launch_to_rgb8(
      {const_span(x), bias.const_data_ptr<float>(), data + kFlagBytes, reinterpret_cast<std::int32_t*>(data), pixels},
      current_stream(x));
  check_launch();
  const at::Tensor host = at::empty(buffer.sizes(), at::device(at::kCPU).dtype(at::kByte).pinned_memory(true));
  host.copy_(buffer);  // waits
  std::int32_t not_finite = 0;
  std::memcpy(&not_finite, host.const_data_ptr(), kFlagBytes);
  return {host.narrow(0, kFlagBytes, 3 * pixels).view({x.size(2), x.size(3), 3}), not_finite == 0};
}

}  // namespace zimage::kernels
