// Softmax from float32 scores to the type of the next matrix product, in one pass over the scores.
#pragma once

#include <ATen/ATen.h>

namespace zimage::kernels {

// softmax(scores * scale) over the last dimension, computed in float32 and rounded once. scores: [R, C] float32.
at::Tensor softmax(const at::Tensor& scores, double scale, at::ScalarType out);

}  // namespace zimage::kernels
