// Times kernels on the GPU: on memory that no cache holds, behind a queue that is never empty, by CUDA events.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

namespace zimage::bench {

// One set of operands and the call on it. What the call returns counts as written; `updated` as read and written.
struct Work {
  std::function<at::Tensor()> launch;
  std::vector<at::Tensor> read;
  std::vector<at::Tensor> updated = {};
};

// Registers a benchmark. Each call of `make` allocates operands of its own, so that launches can go round more of them
// than the cache holds. Reported: microseconds of one launch, GB/s, what part of the copy bandwidth that is, and
// whether that falls short of 85 % (from 64 MB on) or of 5 µs (below).
void add(const std::string& name, std::function<Work()> make);

// Names of types in benchmarks: "f16", "bf16", "f32".
std::string type_name(at::ScalarType dtype);

at::TensorOptions on_gpu(at::ScalarType dtype);

// Registrations, one function a file.
void add_kernels();
void add_image_kernels();
void add_attention();
void add_linear();

}  // namespace zimage::bench
