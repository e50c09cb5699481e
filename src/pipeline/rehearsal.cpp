#include "pipeline/rehearsal.h"

#include "base/log.h"

#include <c10/core/InferenceMode.h>

namespace zimage {

std::future<void> rehearse_decode(const ModelLoad& load, at::Device device, std::vector<std::int64_t> latent_shape) {
  if (device.is_cpu() || load.is_complete()) return {};
  return std::async(std::launch::async, [&load, device, shape = std::move(latent_shape)] {
    const c10::InferenceMode inference;
    load.vae_decoder({}).decode(at::zeros(shape, at::device(device).dtype(at::kFloat)));
    log::milestone("decode rehearsed");
  });
}

}  // namespace zimage
