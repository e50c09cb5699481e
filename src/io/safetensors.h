// The safetensors format: a checked header, and bytes by tensor name.
#pragma once

#include "base/dtype.h"
#include "base/name_index.h"
#include "io/file.h"

#include <cstdint>
#include <filesystem>
#include <map>
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

class SafetensorsFile {
 public:
  // Reads and checks the header only: its length, JSON, dtypes, shapes and offsets (no hole, no overlap, nothing
  // after). Throws Error(model) naming file, tensor and rule; Error(io) if it cannot be read.
  explicit SafetensorsFile(const std::filesystem::path& path);

  // In the order of their bytes.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  // Nothing by this name: null.
  const TensorInfo* find(std::string_view name) const;
  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }
  const ReadFile& file() const { return file_; }

 private:
  ReadFile file_;
  std::vector<TensorInfo> tensors_;
  NameIndex index_;
  std::map<std::string, std::string, std::less<>> metadata_;
};

// A safetensors file in memory, to be written atomically: one float32 tensor.
std::string safetensors_bytes(std::string_view name, std::span<const std::int64_t> shape,
                              std::span<const float> values);

}  // namespace zimage::io
