#include "runtime/stored_rows.h"

#include "base/number_formats.h"
#include "runtime/scalar_type.h"

#include <span>

namespace zimage {

at::Tensor StoredRows::read_float8(const std::vector<std::int32_t>& indices) const {
  const std::int64_t columns = source_.info->shape[1], count = static_cast<std::int64_t>(indices.size());
  const at::Tensor rows = at::empty({count, columns}, at::device(at::kCPU).dtype(at::kFloat));
  std::vector<std::byte> codes(static_cast<std::size_t>(columns));
  auto* out = static_cast<std::byte*>(rows.data_ptr());
  for (const std::int32_t index : indices) {
    source_.file->read_at(source_.info->offset + static_cast<std::uint64_t>(index) * codes.size(), codes);
    widen_f8_e4m3(codes, source_.scale, DType::f32, out);
    out += codes.size() * sizeof(float);
  }
  return rows;
}

at::Tensor StoredRows::read(const std::vector<std::int32_t>& indices) const {
  const std::int64_t columns = source_.info->shape[1], count = static_cast<std::int64_t>(indices.size());
  const std::size_t row_bytes = static_cast<std::size_t>(columns) * dtype_bytes(source_.info->dtype);
  if (source_.info->dtype == DType::f8_e4m3) return read_float8(indices);
  const at::Tensor rows = at::empty({count, columns}, at::device(at::kCPU).dtype(scalar_type(source_.info->dtype)));
  auto* out = static_cast<std::byte*>(rows.data_ptr());
  for (const std::int32_t index : indices) {
    source_.file->read_at(source_.info->offset + static_cast<std::uint64_t>(index) * row_bytes, {out, row_bytes});
    out += row_bytes;
  }
  return rows;
}

}  // namespace zimage
