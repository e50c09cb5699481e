// A checkpoint folder as published: which file holds which tensor, and every component's configuration, checked before
// a weight is read. No torch.
#pragma once

#include "io/safetensors.h"
#include "plan/model_config.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zimage {

// Where one tensor's bytes are. Valid, and the file open, as long as the checkpoint lives.
struct TensorSource {
  std::string_view name;  // as the program knows it, which can be shorter than info->name
  const io::ReadFile* file = nullptr;
  const io::TensorInfo* info = nullptr;
};

// One component's weights (transformer, text_encoder, vae): its shards behind one set of names, as the published files
// spell them ("model." before the text encoder's taken off).
class ComponentFiles {
 public:
  // Reads STEM.safetensors.index.json if there, else STEM.safetensors. Shard names are plain file names; symlinks may
  // lead into the same Hugging Face repository's blobs/ only. Throws Error(model), Error(io).
  ComponentFiles(const std::filesystem::path& dir, std::string_view stem);

  // File by file, each in the order of its bytes.
  const std::vector<TensorSource>& tensors() const { return tensors_; }
  // Nothing by this name: null.
  const TensorSource* find(std::string_view name) const;
  const std::filesystem::path& dir() const { return dir_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  std::uint64_t parameters() const;  // elements over all tensors
  std::uint64_t bytes() const;       // on disk, tensors only

 private:
  std::filesystem::path dir_;
  std::vector<std::unique_ptr<io::SafetensorsFile>> shards_;
  std::vector<TensorSource> tensors_;
  NameIndex index_;
  std::vector<std::string> warnings_;
};

// The folder. Construction checks everything that needs no weights: model_index.json and its classes, each config,
// every tensor's name, shape and dtype against the configs (missing: error; unexpected: warning for the parts that are
// never loaded, else error), token count against the embedding's rows.
class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& dir);

  const std::filesystem::path& dir() const { return dir_; }
  const TextEncoderConfig& text_encoder_config() const { return text_encoder_config_; }
  const TransformerConfig& transformer_config() const { return transformer_config_; }
  const VaeConfig& vae_config() const { return vae_config_; }
  const SchedulerConfig& scheduler_config() const { return scheduler_config_; }
  const ComponentFiles& text_encoder() const { return text_encoder_; }
  const ComponentFiles& transformer() const { return transformer_; }
  const ComponentFiles& vae() const { return vae_; }
  std::filesystem::path tokenizer_dir() const { return dir_ / "tokenizer"; }
  // Of all components; each one line, for the caller to log once.
  std::vector<std::string> warnings() const;

 private:
  std::filesystem::path dir_;
  TextEncoderConfig text_encoder_config_;
  TransformerConfig transformer_config_;
  VaeConfig vae_config_;
  SchedulerConfig scheduler_config_;
  ComponentFiles text_encoder_, transformer_, vae_;
};

}  // namespace zimage
