#include "nn/float16.h"

namespace zimage::nn {

BranchScale normed_branch_scale(at::ScalarType dtype) {
  if (dtype != at::kHalf) return {};
  return {.attention = 1.0 / 64, .ffn_product = 1.0 / 128, .ffn_output = 1.0 / 8};
}

BranchScale residual_branch_scale(at::ScalarType dtype) {
  if (dtype != at::kHalf) return {};
  return {.attention = 1.0 / 16, .ffn_product = 1.0 / 32, .ffn_output = 1.0 / 4};
}

}  // namespace zimage::nn
