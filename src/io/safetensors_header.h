// The JSON header of a safetensors file: which tensor lies where, checked in full.
#pragma once

#include "base/dtype.h"
#include "base/huge_pages.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::io {

struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0;  // from the start of the file
  std::uint64_t bytes = 0;
};

using TensorInfos = HugeVector<TensorInfo>;

// Where the bytes that a header describes lie in its file.
struct DataRange {
  std::uint64_t start = 0;
  std::uint64_t bytes = 0;
};

// The tensors in the order of their bytes, which fill the range without hole or overlap, then those without bytes.
// Names may still repeat.
// Throws Error(model) "SOURCE: tensor NAME: rule".
TensorInfos parse_safetensors_header(std::string_view json, std::string_view source, DataRange data);

}  // namespace zimage::io
