// For formats with a length or a checksum that random changes always break: mends it after most of them.
#include "fuzz/repair.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  const std::size_t changed = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 8 == 0) return changed;
  std::string bytes(reinterpret_cast<const char*>(data), changed);
  zimage::fuzz::ZIMAGE_FUZZ_REPAIR(bytes);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}
