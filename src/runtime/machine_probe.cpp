#include "runtime/device.h"
#include "runtime/machine.h"
#include "runtime/timeline.h"

#include <ATen/ATen.h>
#include <ATen/core/CachingHostAllocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <functional>

namespace zimage {
namespace {

constexpr int kFirstBfloat16 = 80;
constexpr std::int64_t kCopyBytes = 64 << 20;
constexpr std::int64_t kSide = 4096, kFloatSide = 2048;  // of the matrices
constexpr int kRepetitions = 8;
// Products alone for some milliseconds run at a higher clock than minutes of them: 820 and 690 TFLOP/s on an H200.
constexpr double kSustained = 0.85;

// The fastest of several runs, in seconds; the first, which loads libraries, does not count.
double fastest(at::Device device, const std::function<void()>& work) {
  work();
  Timeline timeline(device);
  timeline.mark();
  for (int i = 0; i < kRepetitions; ++i) {
    work();
    timeline.mark();
  }
  const std::vector<double> seconds = timeline.seconds();
  return *std::min_element(seconds.begin(), seconds.end());
}

double product_tflops(at::Device device, at::ScalarType dtype) {
  const std::int64_t side = dtype == at::kFloat ? kFloatSide : kSide;
  const at::Tensor a = at::randn({side, side}, at::device(device).dtype(dtype)), b = at::randn_like(a);
  at::Tensor c = at::empty_like(a);
  const double seconds = fastest(device, [&] { at::mm_out(c, a, b.t()); });
  return kSustained * 2 * static_cast<double>(side) * side * side / seconds / 1e12;
}

}  // namespace

MachineRates probe_rates(const std::string& name) {
  const c10::InferenceMode inference;
  const at::Device device(name);
  MachineRates rates;
  {
    const at::Tensor host = at::empty({kCopyBytes}, at::TensorOptions().dtype(at::kByte).pinned_memory(true));
    const at::Tensor from = at::empty({2 * kCopyBytes}, at::device(device).dtype(at::kByte)), to = at::empty_like(from);
    const at::Tensor landing = to.narrow(0, 0, kCopyBytes);
    rates.link_bytes_per_second = kCopyBytes / fastest(device, [&] { landing.copy_(host, /*non_blocking=*/true); });
    rates.memory_bytes_per_second = 4 * kCopyBytes / fastest(device, [&] { to.copy_(from); });
  }
  rates.tflops.f16 = product_tflops(device, at::kHalf);
  rates.tflops.bf16 =
      device_capability(name) >= kFirstBfloat16 ? product_tflops(device, at::kBFloat16) : rates.tflops.f16;
  rates.tflops.f32 = product_tflops(device, at::kFloat);
  c10::getDeviceAllocator(device.type())->emptyCache();
  at::getHostAllocator(device.type())->empty_cache();
  return rates;
}

}  // namespace zimage
