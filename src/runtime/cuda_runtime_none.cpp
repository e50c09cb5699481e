#include "runtime/cuda_runtime.h"
#include "runtime/device.h"
#include "runtime/piece_writer.h"
#include "runtime/transfers.h"

namespace zimage {

std::string cuda_runtime_version() { return "none"; }
int compute_capability(int) { return 0; }
std::string cuda_unavailable_reason() { return "this build has no CUDA"; }
std::vector<DeviceInfo> cuda_devices() { return {}; }
std::uint64_t free_bytes_of_device(int) { return 0; }
bool pin_host_memory(std::byte*, std::size_t) { return false; }
void unpin_host_memory(std::byte*) {}
std::unique_ptr<Transfers> cuda_transfers(at::Device) { return nullptr; }
void cap_device_allocator(int, std::uint64_t) {}
std::optional<std::uint64_t> used_bytes_of_device(int) { return std::nullopt; }
PieceWriters cuda_piece_writers(at::Device, std::size_t) { return {}; }

}  // namespace zimage
