// How a picture was made, as it says itself.
#pragma once

#include "io/json.h"

#include <filesystem>
#include <string>

namespace zimage::app {

struct PictureRecord {
  io::Json members;         // an object, with the names of docs/metadata.md
  bool is_foreign = false;  // of another program: what could be read of its "parameters"
};

// Throws Error(io), and Error(model) for a file that is neither PNG nor JPEG, is damaged or does not say how it was
// made.
PictureRecord read_picture_record(const std::filesystem::path& path);

}  // namespace zimage::app
