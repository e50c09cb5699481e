// Where tokens stand: three-axis positions (frame, row, column) and their rotary angles.
#pragma once

#include "kernels/rope.h"
#include "plan/model_config.h"

#include <ATen/ATen.h>

#include <vector>

namespace zimage {

// Sequences are padded to a multiple of this many tokens.
constexpr std::int64_t kSequenceMultiple = 32;

inline std::int64_t padded_length(std::int64_t tokens) {
  return (tokens + kSequenceMultiple - 1) / kSequenceMultiple * kSequenceMultiple;
}

// Sequences of tokens one behind the other; none sees another's. What works on each row by itself takes them at once.
struct Sequences {
  kernels::RopeTable rope;            // of all
  std::vector<std::int64_t> lengths;  // of each, in tokens
};

// In the order of `ropes`, one for each sequence.
Sequences sequences_of(const std::vector<kernels::RopeTable>& ropes);

struct TokenGrid {
  std::int64_t rows = 0, columns = 0;  // of image patches
  std::int64_t caption = 0;            // caption tokens, padded

  std::int64_t image() const { return rows * columns; }
  std::int64_t image_padded() const { return padded_length(image()); }
};

// Angles of the image's tokens: (caption + 1, row, column); its padding stands at (0, 0, 0). [image_padded, head_dim/2]
kernels::RopeTable image_rope(const TokenGrid& grid, const TransformerConfig& config, at::Device device);

// Angles of the caption's tokens: (1 + i, 0, 0), its padding counted on. [caption, head_dim/2]
kernels::RopeTable caption_rope(std::int64_t caption, const TransformerConfig& config, at::Device device);

// Both tables in the order of the joint sequence: image, then caption.
kernels::RopeTable joint_rope(const kernels::RopeTable& image, const kernels::RopeTable& caption);

}  // namespace zimage
