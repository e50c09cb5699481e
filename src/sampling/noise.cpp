#include "sampling/noise.h"

#include <ATen/CPUGeneratorImpl.h>

namespace zimage {

at::Tensor initial_noise(at::IntArrayRef shape, std::uint64_t seed, NoiseSource source, at::Device device) {
  if (source == NoiseSource::cpu) {
    const at::Generator generator = at::detail::createCPUGenerator(seed);
    return at::randn(shape, generator, at::kFloat).to(device);
  }
  at::Generator generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return at::randn(shape, generator, at::device(device).dtype(at::kFloat));
}

at::Tensor to_tensor(const Latents& latents, at::Device device) {
  return at::tensor(latents.values).view({latents.channels, latents.height, latents.width}).to(device);
}

Latents to_latents(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU, at::kFloat).contiguous();
  Latents latents{static_cast<int>(host.size(0)), static_cast<int>(host.size(1)), static_cast<int>(host.size(2)), {}};
  latents.values.assign(host.const_data_ptr<float>(), host.const_data_ptr<float>() + host.numel());
  return latents;
}

}  // namespace zimage
