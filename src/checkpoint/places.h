// Where the parts of a model are: in one folder, or given one by one.
#pragma once

#include "zimage/component_paths.h"

#include <filesystem>
#include <string_view>

namespace zimage {

// The published file names of a component start with this.
constexpr std::string_view kTextEncoderStem = "model", kDiffusersStem = "diffusion_pytorch_model";

// Where a component's files are: a folder of the published kind, or a single file.
struct ComponentPlace {
  std::filesystem::path folder;  // with config.json, if has_config; empty: a file by itself
  std::filesystem::path file;    // empty: what the folder's index names
  bool has_config = false;
};

struct CheckpointPlaces {
  std::filesystem::path model_dir;  // empty: all components were given
  ComponentPlace text_encoder, transformer, vae;
  std::filesystem::path tokenizer;  // empty: there is none
};

// dir may be empty where all components are given. Throws Error(model) for what is not there.
CheckpointPlaces find_places(const std::filesystem::path& dir, const ComponentPaths& components);

// The tokenizer's folder alone. Throws Error(model) where there is none.
std::filesystem::path find_tokenizer(const std::filesystem::path& dir, const ComponentPaths& components);

}  // namespace zimage
