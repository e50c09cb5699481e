// What a load is cut into: a run of one stored tensor's values and the memory that it shall fill.
#pragma once

#include "io/file.h"

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace zimage {

// Large enough that a read's and an upload's fixed costs vanish; a ring of these stays small.
constexpr std::int64_t kPieceBytes = 4 << 20;

struct Piece {
  const io::ReadFile* file = nullptr;
  std::uint64_t offset = 0;  // in the file
  std::int64_t elements = 0;
  at::ScalarType stored = at::kFloat, wanted = at::kFloat;
  std::byte* out = nullptr;  // on the device of the load; `elements` of type `wanted`
  // Of float8 values, which are widened as they are read: `stored` is what they become.
  std::optional<float> float8_scale = {};

  std::int64_t stored_bytes() const { return elements * static_cast<std::int64_t>(c10::elementSize(stored)); }
  std::int64_t file_bytes() const { return float8_scale ? elements : stored_bytes(); }
};

}  // namespace zimage
