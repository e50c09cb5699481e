// The safetensors format: a checked header, and bytes by tensor name.
#pragma once

#include "base/name_index.h"
#include "io/file.h"
#include "io/safetensors_header.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::io {

class SafetensorsFile {
 public:
  // Reads and checks the header only: its length, JSON, dtypes, shapes and offsets (no hole, no overlap, nothing
  // after). Throws Error(model) naming file, tensor and rule; Error(io) if it cannot be read.
  explicit SafetensorsFile(const std::filesystem::path& path);

  // In the order of their bytes.
  const TensorInfos& tensors() const { return tensors_; }
  // Nothing by this name: null.
  const TensorInfo* find(std::string_view name) const;
  const ReadFile& file() const { return file_; }

 private:
  ReadFile file_;
  TensorInfos tensors_;
  NameIndex index_;
};

// A safetensors file in memory, to be written atomically: one float32 tensor.
std::string safetensors_bytes(std::string_view name, std::span<const std::int64_t> shape,
                              std::span<const float> values);

}  // namespace zimage::io
