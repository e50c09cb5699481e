// Converts files of weights on the disk: several threads, each reads a piece, rounds it and writes it to its place.
#pragma once

#include "checkpoint/conversion.h"

#include <functional>

namespace zimage {

// Asked between pieces; false stops the work.
using KeepGoing = std::function<bool()>;

// Writes the file to DIR/file.name, complete and synced, or not at all; replaces what is there. False: stopped.
// Throws Error(io), and Error(model) naming file, tensor and element for a value that is not finite or that becomes
// infinite in the new type.
bool write_converted(const ConvertedFile& file, const std::filesystem::path& dir, const KeepGoing& keep_going);

// Whether DIR/file.name holds just what write_converted would write. Throws as that does; false too where stopped.
bool is_converted(const ConvertedFile& file, const std::filesystem::path& dir, const KeepGoing& keep_going);

}  // namespace zimage
