#include "runtime/machine.h"

#include "base/log.h"
#include "io/file.h"
#include "io/json.h"
#include "runtime/cuda_runtime.h"
#include "runtime/device.h"
#include "runtime/device_memory.h"
#include "runtime/host_memory.h"

#include <algorithm>
#include <cstdlib>
#include <span>

namespace zimage {
namespace {

using io::Json;

// GEMM, attention and convolution libraries, our kernels and the mapping of pinned memory, once all are in use: beside
// the allocator's memory 528 MiB of an H200 become 762 where all weights stay there, 794 where most of them stream.
constexpr std::uint64_t kLibrariesBytes = 268ULL << 20;
constexpr std::uint64_t kMaxRatesFile = 4096;
constexpr std::int64_t kFormat = 1;
// The CPU moves no weights to speak of; what counts is that a plan can be made for it.
constexpr MachineRates kCpuRates{10e9, 20e9, {0.1, 0.1, 0.2}};

std::filesystem::path cache_dir() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') return cache;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return std::filesystem::path(home) / ".cache";
  }
  return {};
}

double positive(const Json& json, const char* key) {
  const Json* member = json.find(key);
  if (member == nullptr) return 0;
  const double* value = member->as<double>();
  const std::int64_t* whole = member->as<std::int64_t>();  // a double without a fraction is read as one
  const double number = value != nullptr ? *value : whole != nullptr ? static_cast<double>(*whole) : 0;
  return std::max(number, 0.0);
}

MachineRates rates_of(const std::string& gpu_name, const std::string& device) {
  const std::filesystem::path file = rates_file(gpu_name);
  if (const auto known = read_rates(file)) return *known;
  const MachineRates rates = probe_rates(device);
  write_rates(file, rates);
  log::milestone("measured " + gpu_name);
  return rates;
}

plan::Machine with_rates(plan::Machine machine, const MachineRates& rates) {
  machine.link_bytes_per_second = rates.link_bytes_per_second;
  machine.memory_bytes_per_second = rates.memory_bytes_per_second;
  machine.tflops = rates.tflops;
  return machine;
}

plan::Machine cpu_machine() {
  const std::uint64_t bytes = available_host_bytes();
  return with_rates({.name = "CPU", .device_bytes = bytes, .free_bytes = bytes, .host_bytes = bytes}, kCpuRates);
}

}  // namespace

int own_multiprocessors(const DeviceInfo& device) {
#ifdef ZIMAGE_SM90A
  return device.major == 9 ? device.multiprocessors : 0;
#else
  static_cast<void>(device);
  return 0;
#endif
}

std::filesystem::path rates_file(const std::string& gpu_name) {
  const std::filesystem::path dir = cache_dir();
  if (dir.empty()) return {};
  std::string name = gpu_name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '-');
  return dir / "zimage" / ("rates-" + name + ".json");
}

std::optional<MachineRates> read_rates(const std::filesystem::path& path) {
  if (path.empty()) return std::nullopt;
  try {
    const Json json = io::parse_json(io::read_whole(path, kMaxRatesFile), path.string());
    const Json* format = json.find("format");
    const std::int64_t* number = format == nullptr ? nullptr : format->as<std::int64_t>();
    if (number == nullptr || *number != kFormat) return std::nullopt;
    const MachineRates rates{
        positive(json, "link_bytes_per_second"),
        positive(json, "memory_bytes_per_second"),
        {positive(json, "f16_tflops"), positive(json, "bf16_tflops"), positive(json, "f32_tflops")}};
    const bool whole = rates.link_bytes_per_second > 0 && rates.memory_bytes_per_second > 0 && rates.tflops.f16 > 0 &&
                       rates.tflops.bf16 > 0 && rates.tflops.f32 > 0;
    return whole ? std::optional(rates) : std::nullopt;
  } catch (const Error&) {  // measured anew
    return std::nullopt;
  }
}

void write_rates(const std::filesystem::path& path, const MachineRates& rates) {
  if (path.empty()) return;
  const std::string text =
      io::to_string(Json(Json::Object{{"format", Json(kFormat)},
                                      {"link_bytes_per_second", Json(rates.link_bytes_per_second)},
                                      {"memory_bytes_per_second", Json(rates.memory_bytes_per_second)},
                                      {"f16_tflops", Json(rates.tflops.f16)},
                                      {"bf16_tflops", Json(rates.tflops.bf16)},
                                      {"f32_tflops", Json(rates.tflops.f32)}})) +
      "\n";
  try {
    std::error_code ignored;
    std::filesystem::create_directories(path.parent_path(), ignored);
    io::write_atomically(path, std::as_bytes(std::span(text)), io::Overwrite::yes);
  } catch (const Error& error) {  // a cache is a convenience
    log::debug(std::string("not kept: ") + error.what());
  }
}

plan::Machine measure_machine(const std::string& device, std::uint64_t context_bytes) {
  if (device == "cpu") return cpu_machine();
  plan::Machine machine;
  for (const DeviceInfo& info : cuda_devices()) {
    if (info.device != device) continue;
    machine.name = info.name;
    machine.capability = 10 * info.major + info.minor;
    machine.device_bytes = info.total_bytes;
    machine.multiprocessors = own_multiprocessors(info);
  }
  machine.free_bytes = free_device_bytes(device) + reserved_bytes(at::Device(device)) + context_bytes;
  machine.context_bytes = context_bytes;
  machine.libraries_bytes = kLibrariesBytes;
  machine.host_bytes = available_host_bytes();
  return with_rates(machine, rates_of(machine.name, device));
}

}  // namespace zimage
