// What a checkpoint holds, as numbers for people (`zimage inspect`).
#pragma once

#include "base/dtype.h"
#include "checkpoint/checkpoint.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace zimage {

struct ComponentSummary {
  std::string name;  // the folder's
  std::size_t files = 0, tensors = 0;
  std::uint64_t parameters = 0;                      // in the files
  std::uint64_t loaded_parameters = 0;               // those that this program loads
  std::map<DType, std::uint64_t> parameters_stored;  // in the files, by type
  std::uint64_t file_bytes = 0;                      // on disk

  // Of what this program loads, if it were all of this type.
  std::uint64_t loaded_bytes(DType dtype) const { return loaded_parameters * dtype_bytes(dtype); }
};

// text_encoder, transformer, vae.
std::vector<ComponentSummary> summarize(const Checkpoint& checkpoint);

}  // namespace zimage
