// Our element types as ATen's, and back to words.
#pragma once

#include "base/dtype.h"

#include <ATen/ATen.h>

namespace zimage {

// Throws Error(model) for a type that no weight may have.
at::ScalarType scalar_type(DType dtype);

// Of a floating-point tensor. Throws Error(internal) for another type.
DType dtype_of(at::ScalarType type);

}  // namespace zimage
