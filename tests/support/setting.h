// What a kernel's tests run over: each device and each type, with the error that rounding to the type may leave.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace zimage::test {

struct Setting {
  std::string device;
  at::ScalarType dtype;
};

inline std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const char* device : {"cpu", "cuda"}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16}) all.push_back({device, dtype});
  }
  return all;
}

inline std::string name_of(const Setting& setting) { return setting.device + "_" + c10::toString(setting.dtype); }

// Relative, of one rounding to a 16-bit type, twice over; float32 has no rounding but the sums' own, `in_float32`.
inline double tolerance(at::ScalarType dtype, double in_float32 = 2e-6) {
  if (dtype == at::kFloat) return in_float32;
  return dtype == at::kHalf ? 1e-3 : 8e-3;
}

}  // namespace zimage::test
