#include "models/transformer/patches.h"

namespace zimage {

at::Tensor patchify(const at::Tensor& latents, std::int64_t patch) {
  const std::int64_t c = latents.size(0), rows = latents.size(1) / patch, columns = latents.size(2) / patch;
  return latents.reshape({c, rows, patch, columns, patch})
      .permute({1, 3, 2, 4, 0})
      .reshape({rows * columns, patch * patch * c});
}

at::Tensor unpatchify(const at::Tensor& tokens, at::IntArrayRef latent_shape, std::int64_t patch) {
  const std::int64_t c = latent_shape[0], rows = latent_shape[1] / patch, columns = latent_shape[2] / patch;
  return tokens.narrow(0, 0, rows * columns)
      .reshape({rows, columns, patch, patch, c})
      .permute({4, 0, 2, 1, 3})
      .reshape(latent_shape);
}

}  // namespace zimage
