// Safetensors files for tests, right and wrong ones.
#pragma once

#include "base/dtype.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zimage::test {

// The length, the header as it is, the data.
inline std::string safetensors_of(std::string_view header, std::string_view data = "") {
  std::string file;
  for (std::uint64_t i = 0, length = header.size(); i < 8; ++i, length >>= 8) file += static_cast<char>(length & 0xFF);
  return file.append(header).append(data);
}

// One member of a header: `"name":{...}`.
inline std::string header_entry(std::string_view name, std::string_view dtype, const std::string& shape,
                                const std::string& begin, const std::string& end) {
  return '"' + std::string(name) + R"(":{"dtype":")" + std::string(dtype) + R"(","shape":)" + shape +
         R"(,"data_offsets":[)" + begin + "," + end + "]}";
}

// A well-formed file of tensors filled with zero bytes, one after the other.
class SafetensorsBuilder {
 public:
  SafetensorsBuilder& add(const std::string& name, const std::vector<std::int64_t>& shape, DType dtype = DType::f32) {
    std::uint64_t bytes = dtype_bytes(dtype);
    std::string dimensions;
    for (const std::int64_t dimension : shape) {
      bytes *= static_cast<std::uint64_t>(dimension);
      if (!dimensions.empty()) dimensions += ',';
      dimensions += std::to_string(dimension);
    }
    header_ += (header_.empty() ? "" : ",") + header_entry(name, safetensors_name(dtype), "[" + dimensions + "]",
                                                           std::to_string(end_), std::to_string(end_ + bytes));
    end_ += bytes;
    return *this;
  }
  std::string bytes() const { return safetensors_of("{" + header_ + "}", std::string(end_, '\0')); }

 private:
  std::string header_;
  std::uint64_t end_ = 0;
};

}  // namespace zimage::test
