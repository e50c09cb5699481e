#include "runtime/tensor_reader.h"

#include "runtime/scalar_type.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace zimage {

std::byte* TensorReader::chunk() {
  if (!chunk_.defined()) {
    try {
      chunk_ = at::empty({kChunkBytes}, at::device(at::kCPU).dtype(at::kByte).pinned_memory(device_.is_cuda()));
    } catch (const c10::Error&) {  // some systems refuse to pin; slower, not wrong
      chunk_ = at::empty({kChunkBytes}, at::device(at::kCPU).dtype(at::kByte));
    }
  }
  return static_cast<std::byte*>(chunk_.data_ptr());
}

void TensorReader::read_chunk(const TensorSource& source, std::uint64_t offset, std::int64_t bytes,
                              std::byte* into) const {
  constexpr std::int64_t kPiece = 4 << 20;
  at::parallel_for(0, bytes, kPiece, [&](std::int64_t begin, std::int64_t end) {
    source.file->read_at(source.info->offset + offset + begin, {into + begin, static_cast<std::size_t>(end - begin)});
  });
}

void TensorReader::read(const TensorSource& source, at::Tensor out) {
  const at::ScalarType stored = scalar_type(source.info->dtype);
  const std::int64_t element = static_cast<std::int64_t>(dtype_bytes(source.info->dtype));
  const std::int64_t total = static_cast<std::int64_t>(source.info->bytes);
  if (out.is_cpu() && out.scalar_type() == stored) {
    read_chunk(source, 0, total, static_cast<std::byte*>(out.data_ptr()));
    return;
  }
  at::Tensor flat = out.view(-1);
  for (std::int64_t offset = 0; offset < total; offset += kChunkBytes) {
    const std::int64_t bytes = std::min(kChunkBytes, total - offset);
    read_chunk(source, offset, bytes, chunk());
    const at::Tensor values = at::from_blob(chunk(), {bytes / element}, at::device(at::kCPU).dtype(stored));
    // Uploaded as stored and converted on the device; the copy is synchronous, so the chunk can be used again.
    flat.narrow(0, offset / element, bytes / element).copy_(values.to(device_));
  }
}

}  // namespace zimage
