// The few calls to the CUDA runtime that ATen has no word for. cuda_runtime_none.cpp stands in where the build has no
// CUDA.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace zimage {

// "13.0", or "none".
std::string cuda_runtime_version();

// Of the GPU with this index: 10 · major + minor, e.g. 75. Costs next to nothing.
int compute_capability(int device);

// As free_device_bytes.
std::uint64_t free_bytes_of_device(int index);

// Whether the GPUs now read this memory by themselves; some systems refuse, or let a process pin only so much.
bool pin_host_memory(std::byte* memory, std::size_t bytes);
void unpin_host_memory(std::byte* memory);

// As cap_allocator.
void cap_device_allocator(int index, std::uint64_t bytes);
// What all processes use on this GPU, by its driver. As the above: creates the context.
std::optional<std::uint64_t> used_bytes_of_device(int index);

}  // namespace zimage
