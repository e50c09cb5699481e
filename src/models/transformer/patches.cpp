#include "models/transformer/patches.h"

namespace zimage {

at::Tensor patchify(const at::Tensor& latents, std::int64_t patch) {
  const std::int64_t b = latents.size(0), c = latents.size(1);
  const std::int64_t rows = latents.size(2) / patch, columns = latents.size(3) / patch;
  return latents.reshape({b, c, rows, patch, columns, patch})
      .permute({0, 2, 4, 3, 5, 1})
      .reshape({b, rows * columns, patch * patch * c});
}

at::Tensor unpatchify(const at::Tensor& tokens, at::IntArrayRef latent_shape, std::int64_t patch) {
  const std::int64_t b = latent_shape[0], c = latent_shape[1];
  const std::int64_t rows = latent_shape[2] / patch, columns = latent_shape[3] / patch;
  return tokens.narrow(1, 0, rows * columns)
      .reshape({b, rows, columns, patch, patch, c})
      .permute({0, 5, 1, 3, 2, 4})
      .reshape(latent_shape);
}

}  // namespace zimage
