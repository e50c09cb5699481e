// A stored matrix of which each use wants a few rows: an embedding's table. It stays in its file.
#pragma once

#include "checkpoint/checkpoint.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace zimage {

class StoredRows {
 public:
  // source: [rows, columns], of the checkpoint that must live as long.
  explicit StoredRows(const TensorSource& source) : source_(source) {}

  // indices: each from 0 to rows - 1. Returns [indices, columns] on the CPU, as stored; float8 as float32.
  // Throws Error(io).
  at::Tensor read(const std::vector<std::int32_t>& indices) const;

 private:
  at::Tensor read_float8(const std::vector<std::int32_t>& indices) const;

  TensorSource source_;
};

}  // namespace zimage
