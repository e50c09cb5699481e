// Reads every byte of a file of weights: its checksum, and the values that are not finite.
#pragma once

#include "io/safetensors.h"
#include "io/sha256.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace zimage {

// A tensor with infinities or NaNs.
struct NotFinite {
  std::string tensor;
  std::uint64_t count = 0;
  std::uint64_t first = 0;  // index of the first such element
};

struct FileVerification {
  io::Sha256 sha256{};
  std::vector<NotFinite> not_finite;
  bool is_complete = true;  // false: stopped
};

// keep_going is asked between pieces. Throws Error(io).
FileVerification verify_weights(const io::SafetensorsFile& file, const std::function<bool()>& keep_going);

// The checksum alone, of a file of another kind.
io::Sha256 checksum(const std::filesystem::path& path);

}  // namespace zimage
