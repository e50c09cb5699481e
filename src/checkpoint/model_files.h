// Every file of a model's folder that matters: those of its weights, loaded or not, and those beside them.
#pragma once

#include "checkpoint/checkpoint.h"

#include <filesystem>
#include <vector>

namespace zimage {

// A component's. Throws as its construction does.
std::vector<std::filesystem::path> weight_files(const ComponentFiles& component);

// Configurations, indices and the tokenizer. Sorted paths in the model's folder.
std::vector<std::filesystem::path> other_files(const std::filesystem::path& dir);
// The same, wherever they are, as whole paths.
std::vector<std::filesystem::path> other_files(const CheckpointPlaces& places);

}  // namespace zimage
