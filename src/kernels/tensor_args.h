// Tensors as the kernels' raw arguments.
#pragma once

#include "kernels/element.h"

#include <ATen/ATen.h>

namespace zimage::kernels {

Element element_of(const at::Tensor& x);
inline ConstSpan const_span(const at::Tensor& x) { return {x.const_data_ptr(), element_of(x)}; }
inline MutableSpan mutable_span(const at::Tensor& x) { return {x.mutable_data_ptr(), element_of(x)}; }

// The stream that ATen's operations on x's device run on.
Stream current_stream(const at::Tensor& x);

// Throws c10::Error if the last launch failed.
void check_launch();

}  // namespace zimage::kernels
