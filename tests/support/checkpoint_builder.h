// A whole checkpoint folder, as small as the layout allows, for tests that then break one thing in it.
#pragma once

#include "checkpoint/expected_tensors.h"
#include "support/temp_dir.h"

#include <filesystem>
#include <string>

namespace zimage::test {

// Writes a valid checkpoint to DIR/NAME (tokenizer excepted) with one file of zeros per component; returns its path.
std::filesystem::path write_checkpoint(const TempDir& dir, const std::string& name = "model");

// Replaces the first `from` in a text file; fails the test if there is none.
void replace_in(const std::filesystem::path& path, const std::string& from, const std::string& to);

// The configurations that write_checkpoint writes.
TextEncoderConfig small_text_encoder();
TransformerConfig small_transformer();
VaeConfig small_vae();

}  // namespace zimage::test
