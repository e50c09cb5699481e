#include "runtime/host_block.h"

#include "runtime/cuda_runtime.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace zimage {
namespace {

// Pinned ten times as fast as small ones.
constexpr std::size_t kHugePage = 2 << 20;

std::byte* allocate(std::size_t bytes) {
  const std::size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* const memory = std::aligned_alloc(kHugePage, whole);
  if (memory == nullptr) throw std::bad_alloc();
  ::madvise(memory, whole, MADV_HUGEPAGE);
  return static_cast<std::byte*>(memory);
}

}  // namespace

HostBlock::HostBlock(std::size_t bytes) : bytes_(bytes), data_(allocate(bytes)) {}

HostBlock::~HostBlock() {
  if (pinned_) unpin_host_memory(data_);
  std::free(data_);
}

bool HostBlock::pin() { return pinned_ = pin_host_memory(data_, bytes_); }

}  // namespace zimage
