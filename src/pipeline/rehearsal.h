// The first decode of a process takes a fifth of a second longer than the second: libraries look for kernels and the
// driver loads them. A thread does one with zeros while the transformer is still being read.
#pragma once

#include "pipeline/model_load.h"

#include <future>

namespace zimage {

// latents: of the image to come. Nothing (an invalid future) on the CPU, where there is nothing to look for, and once
// all is loaded. `load` must outlive it. What goes wrong is left for the decode itself to meet.
std::future<void> rehearse_decode(const ModelLoad& load, at::Device device, std::vector<std::int64_t> latent_shape);

}  // namespace zimage
