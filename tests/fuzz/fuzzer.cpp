// One fuzzer of libFuzzer's: bytes in, to the function that the build names (ZIMAGE_FUZZ_TARGET).
#include "fuzz/targets.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  zimage::fuzz::ZIMAGE_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
