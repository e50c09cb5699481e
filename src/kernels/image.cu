#include "kernels/element.cuh"
#include "kernels/launch.h"

namespace zimage::kernels {
namespace {

constexpr int kThreads = 256;

template <typename T>
__device__ float rounded(float x) {
  return to_float(from_float<T>(x));
}

// One thread a value; the threads that see a value that is not finite all write the same flag.
template <typename T>
__global__ void __launch_bounds__(kThreads) to_rgb8_kernel(const T* x, ToRgb8Args args) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= 3 * args.pixels) return;
  const float value = rounded<T>(to_float(x[i]) + args.bias[i % 3]);
  if (!isfinite(value)) *args.not_finite = 1;
  const float pixel = fminf(fmaxf(rounded<T>(rounded<T>(value * 0.5f) + 0.5f), 0.0f), 1.0f);
  args.rgb[i] = static_cast<std::uint8_t>(rintf(pixel * 255.0f));
}

}  // namespace

void launch_to_rgb8(const ToRgb8Args& args, Stream stream) {
  const unsigned blocks = static_cast<unsigned>((3 * args.pixels + kThreads - 1) / kThreads);
  with_element(args.x.type, [&](auto element) {
    using T = decltype(element);
    to_rgb8_kernel<T><<<blocks, kThreads, 0, stream>>>(static_cast<const T*>(args.x.data), args);
  });
}

}  // namespace zimage::kernels
