// How branches stay inside float16's range: powers of two that whatever follows ignores or takes back.
#pragma once

#include <ATen/ATen.h>

namespace zimage::nn {

// A branch's values are multiplied by these on the way; all 1 unless the type is float16. Every one is a power of two,
// so nothing but the range changes. See docs/numerics.md for the choice.
struct BranchScale {
  double attention = 1;    // of the attention's output projection
  double ffn_product = 1;  // of silu(gate) * up
  double ffn_output = 1;   // of the down projection, on top of the product's

  double ffn() const { return ffn_product * ffn_output; }
};

// For branches that end in an RMSNorm: the norm's eps times scale² undoes it.
BranchScale normed_branch_scale(at::ScalarType dtype);

// For branches that end in the float32 residual, which multiplies by 1 / scale.
BranchScale residual_branch_scale(at::ScalarType dtype);

}  // namespace zimage::nn
