#include "runtime/host_block.h"

#include "runtime/cuda_runtime.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace zimage {
namespace {

// The system pins no memory twice, on no machine.
TEST(HostBlock, R21_memory_that_cannot_be_pinned_is_used_as_it_is) {
  constexpr std::size_t kBytes = 1 << 20;
  HostBlock block(kBytes);
  const bool elsewhere = pin_host_memory(block.data(), kBytes);
  EXPECT_FALSE(block.pin());
  EXPECT_FALSE(block.is_pinned());
  std::memset(block.data(), 7, kBytes);
  EXPECT_EQ(std::vector<std::byte>(block.data(), block.data() + kBytes), std::vector<std::byte>(kBytes, std::byte{7}));
  if (elsewhere) unpin_host_memory(block.data());
}

}  // namespace
}  // namespace zimage
