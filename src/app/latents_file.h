// Latents in a safetensors file: one float32 tensor "latents", [channels, height, width].
#pragma once

#include "zimage/request.h"

#include "io/file.h"

#include <filesystem>

namespace zimage::app {

// Also accepts a leading dimension of 1, as diffusers writes it.
// Throws Error(model) for a file that breaks the format, Error(usage) for one that holds something else or values that
// are not finite, Error(io).
Latents read_latents(const std::filesystem::path& path);

// Throws Error(io).
void write_latents(const std::filesystem::path& path, const Latents& latents, io::Overwrite overwrite);

}  // namespace zimage::app
