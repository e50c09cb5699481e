// STEM.safetensors.index.json: which shard holds which tensor.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace zimage {

struct ShardIndex {
  std::vector<std::string> shards;                             // plain file names, each once
  std::vector<std::pair<std::string, std::size_t>> locations;  // tensor name, position in `shards`
  std::optional<double> total_size;                            // bytes, as the file claims
};

// Throws Error(model) naming file and rule, Error(io).
ShardIndex read_shard_index(const std::filesystem::path& path);

}  // namespace zimage
