// The published checkpoints' components rewritten as the single files that people have. By its own rules, not by the
// program's tables.
#pragma once

#include <filesystem>
#include <string>

namespace zimage::test {

// What the names of a file start with, besides the layout's own.
struct SingleFile {
  std::filesystem::path path;
  std::string prefix;
};

// FROM: a component's folder in the published layout. Tensors keep their bytes and types.
void write_original_transformer(const std::filesystem::path& from, const SingleFile& to);  // fused q, k and v
void write_original_vae(const std::filesystem::path& from, const SingleFile& to);          // levels the other way round
void write_text_encoder(const std::filesystem::path& from, const SingleFile& to);

// Matrices of a component with float32 weights as float8 codes with a scale for each, and the same values in float32.
void write_float8(const std::filesystem::path& from, const std::filesystem::path& codes,
                  const std::filesystem::path& values);

}  // namespace zimage::test
