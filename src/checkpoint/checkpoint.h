// A checkpoint, as published or in the single files that people have: which file holds which tensor, and every
// component's configuration, checked before a weight is read. No torch.
#pragma once

#include "zimage/component_paths.h"

#include "checkpoint/expected_tensors.h"
#include "checkpoint/name_layouts.h"
#include "checkpoint/places.h"
#include "io/safetensors.h"
#include "plan/model_config.h"

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zimage {

// Where one tensor's bytes are. Valid, and the file open, as long as the checkpoint lives.
struct TensorSource {
  std::string_view name;  // as the program knows it
  const io::ReadFile* file = nullptr;
  const io::TensorInfo* info = nullptr;  // under the file's name, which may hold more tensors than this one
  float scale = 1;                       // of float8 values: what they are multiplied by
};

// What a component's files hold, loaded or not.
struct StoredTensors {
  std::size_t files = 0, tensors = 0;
  std::map<DType, std::uint64_t> parameters;  // by the type they are stored in
  std::uint64_t bytes = 0;                    // the tensors'
  std::uint64_t file_bytes = 0;               // headers included
};

struct ShardIndex;

// One component's weights (transformer, text_encoder, vae): its files behind the published names, whatever layout they
// have.
class ComponentFiles {
 public:
  // In a folder: reads STEM.safetensors.index.json if there, else STEM.safetensors. Shard names are plain file names;
  // symlinks may lead into the same Hugging Face repository's blobs/ only. Throws Error(model), Error(io).
  ComponentFiles(const ComponentPlace& place, std::string_view stem, const NameTable& names);
  ComponentFiles(const std::filesystem::path& dir, std::string_view stem)
      : ComponentFiles({dir, {}, true}, stem, text_encoder_names()) {}

  // The file that a missing tensor is missing from: the index, or the only file.
  const std::filesystem::path& listing() const { return listing_; }
  const StoredTensors& stored() const { return stored_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

  // File by file, each in the order of its bytes.
  const std::vector<TensorSource>& tensors() const { return tensors_; }
  // Nothing by this name: null.
  const TensorSource* find(std::string_view name) const;
  std::uint64_t parameters() const;  // elements over tensors()
  std::uint64_t bytes() const;       // as stored, over tensors()

  // Checks that all of these are there, in their shapes and of a type that weights may have, and forgets the others, so
  // that nothing loads or counts them (stored() still does). Throws Error(model) naming file, tensor and rule.
  void restrict_to(const ExpectedTensors& expected);

 private:
  // A tensor of a file as one that the program knows: renamed, and perhaps a part of it.
  struct Translated {
    std::string name;
    io::TensorInfo info;
  };

  void open(const std::filesystem::path& path);
  void list_tensors(const NameTable& names, const ComponentPlace& place);
  void list_tensor(const io::SafetensorsFile& shard, const io::TensorInfo& info, const NameTranslation& translation);
  void check_index(const ShardIndex& index);
  void build_index();
  void warn_of_strays(const ExpectedTensors& expected);
  // Of a float8 weight; 1 where the files have none. Throws Error(model) for more than one per tensor.
  float scale_of(const TensorSource& source) const;

  std::filesystem::path listing_;
  std::vector<std::unique_ptr<io::SafetensorsFile>> shards_;
  std::deque<Translated> translated_;  // whose elements stay where they are
  std::vector<TensorSource> tensors_;
  NameIndex index_;
  StoredTensors stored_;
  std::vector<std::string> warnings_;
};

struct CheckpointConfigs {
  std::optional<TextEncoderConfig> text_encoder;  // once read or inferred, as the other two
  std::optional<TransformerConfig> transformer;
  std::optional<VaeConfig> vae;
  SchedulerConfig scheduler;
  std::vector<std::string> warnings;
};

// Construction checks everything that needs no weights: model_index.json and its classes, each config, the configs
// against each other, every tensor's name, shape and type against the configs (missing: error; unexpected: one
// warning). Each ComponentFiles then lists what the program loads, and nothing else.
class Checkpoint {
 public:
  // A model's folder; components that are given are not looked for in it. Empty where all are given.
  // Throws Error(model), Error(io).
  explicit Checkpoint(const std::filesystem::path& dir, const ComponentPaths& components = {});

  const CheckpointPlaces& places() const { return places_; }
  const TextEncoderConfig& text_encoder_config() const { return *configs_.text_encoder; }
  const TransformerConfig& transformer_config() const { return *configs_.transformer; }
  const VaeConfig& vae_config() const { return *configs_.vae; }
  const SchedulerConfig& scheduler_config() const { return configs_.scheduler; }
  const ComponentFiles& text_encoder() const { return text_encoder_; }
  const ComponentFiles& transformer() const { return transformer_; }
  const ComponentFiles& vae() const { return vae_; }
  // Of all components; each one line, for the caller to log once.
  std::vector<std::string> warnings() const;

 private:
  CheckpointPlaces places_;
  CheckpointConfigs configs_;
  ComponentFiles text_encoder_, transformer_, vae_;
};

}  // namespace zimage
