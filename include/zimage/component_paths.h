// Parts of a model that are somewhere else than in its folder.
#pragma once

#include <filesystem>

namespace zimage {

/// Each a folder or a single safetensors file, in the published names or those of ComfyUI's files; empty: in the
/// model's folder. A file without a config.json has its sizes inferred from its tensors.
struct ComponentPaths {
  std::filesystem::path transformer;   ///< such as z_image_turbo_bf16.safetensors
  std::filesystem::path text_encoder;  ///< such as qwen_3_4b.safetensors
  std::filesystem::path vae;           ///< such as ae.safetensors
  std::filesystem::path tokenizer;  ///< a folder; empty: the model's, and where there is none, beside the files above

  /// Whether all of them are the same.
  friend bool operator==(const ComponentPaths&, const ComponentPaths&) = default;
};

}  // namespace zimage
