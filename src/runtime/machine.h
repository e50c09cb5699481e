// The machine as a plan sees it: what the driver reports, and what a short probe of copies and products reaches.
#pragma once

#include "plan/machine.h"
#include "runtime/device.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace zimage {

// What copies and matrix products reach on one GPU.
struct MachineRates {
  double link_bytes_per_second = 0;    // host to device, from pinned memory
  double memory_bytes_per_second = 0;  // of the device's own memory, read and written
  plan::ProductRates tflops;           // as long runs sustain them
};

// plan::Machine's: 0 where this build has no kernels for the device's capability alone.
int own_multiprocessors(const DeviceInfo& device);

// Measures for a tenth of a second; needs 0.4 GB of the device for that long. device: "cuda:N".
MachineRates probe_rates(const std::string& device);

// Where the rates of a GPU of this name are kept between runs; empty where there is no home folder.
std::filesystem::path rates_file(const std::string& gpu_name);

// Nothing for a file that is missing, damaged, or of another format.
std::optional<MachineRates> read_rates(const std::filesystem::path& path);
void write_rates(const std::filesystem::path& path, const MachineRates& rates);

// The machine with `device` as it is now, `context_bytes` of the device being this process' own context. Rates come
// from the file of an earlier run, or are measured and kept. device: "cuda:N" or "cpu".
plan::Machine measure_machine(const std::string& device, std::uint64_t context_bytes);

}  // namespace zimage
