// A model's folder with its weights in 16 bit, to the bit what loading the original in that type makes of them: which
// tensor becomes what, file by file. What loading does not round stays as it is: vectors that are no bias, the token
// embedding, the VAE.
#pragma once

#include "checkpoint/checkpoint.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace zimage {

struct ConvertedTensor {
  const io::TensorInfo* from = nullptr;
  DType dtype = DType::f32;
  std::uint64_t offset = 0;  // in the new file

  std::uint64_t bytes() const { return from->bytes / dtype_bytes(from->dtype) * dtype_bytes(dtype); }
};

// A file of weights.
struct ConvertedFile {
  std::filesystem::path name;  // in the model's folder
  std::shared_ptr<const io::SafetensorsFile> from;
  std::string header;  // of the new file, its length before it
  std::vector<ConvertedTensor> tensors;
  std::uint64_t bytes = 0;  // of the new file
};

// dtype: f16 or bf16. Of a model's folder. Throws Error(model) for float8, which has no place in such a folder.
std::vector<ConvertedFile> plan_conversion(const Checkpoint& checkpoint, DType dtype);

// A shard index with another total size. Throws as parse_json does.
std::string with_total_size(const std::filesystem::path& index, std::uint64_t bytes);

}  // namespace zimage
