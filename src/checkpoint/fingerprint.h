// A short name for the weights of a checkpoint: two models of one architecture have different ones, the same model in
// other files has the same.
#pragma once

#include "checkpoint/checkpoint.h"

#include <string>

namespace zimage {

// 16 hexadecimal digits: the beginning of the SHA-256 over every tensor's name, type and shape, over the first bytes of
// some tensors of each component, and over the schedule's shift. Reads about a hundred small pieces of the files.
// Throws Error(io).
std::string fingerprint(const Checkpoint& checkpoint);

}  // namespace zimage
