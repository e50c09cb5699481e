// Tensors as the kernels' raw arguments.
#pragma once

#include "kernels/launch.h"

#include <ATen/ATen.h>

namespace zimage::kernels {

Element element_of(const at::Tensor& x);
inline ConstSpan const_span(const at::Tensor& x) { return {x.const_data_ptr(), element_of(x)}; }
inline MutableSpan mutable_span(const at::Tensor& x) { return {x.mutable_data_ptr(), element_of(x)}; }

// Whether the kernels over rows take x, whose last dimension is a row; else the reference computes it.
inline bool runs_on_rows(const at::Tensor& x) { return x.is_cuda() && fits_in_registers(x.size(-1)); }

// The stream that ATen's operations on x's device run on.
Stream current_stream(const at::Tensor& x);

// Throws c10::Error if the last launch failed.
void check_launch();

}  // namespace zimage::kernels
