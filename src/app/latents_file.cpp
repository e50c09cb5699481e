#include "app/latents_file.h"

#include "base/text.h"
#include "io/safetensors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace zimage::app {
namespace {

constexpr const char* kName = "latents";
constexpr std::int64_t kMaxChannels = 1024;
constexpr std::int64_t kMaxSide = 1024;  // 8192 pixels

// The three dimensions, or the message's rule broken.
std::array<std::int64_t, 3> checked_shape(const io::TensorInfo& info, const std::string& where) {
  std::span<const std::int64_t> shape = info.shape;
  if (shape.size() == 4 && shape[0] == 1) shape = shape.subspan(1);
  const auto within = [](std::int64_t value, std::int64_t max) { return value >= 1 && value <= max; };
  if (info.dtype != DType::f32) throw Error(ErrorKind::usage, where + "must be F32");
  if (shape.size() != 3 || !within(shape[0], kMaxChannels) || !within(shape[1], kMaxSide) ||
      !within(shape[2], kMaxSide)) {
    throw Error(ErrorKind::usage, where + "must have the shape [channels, height / 8, width / 8]");
  }
  return {shape[0], shape[1], shape[2]};
}

}  // namespace

Latents read_latents(const std::filesystem::path& path) {
  const io::SafetensorsFile file(path);
  const std::string where = printable(path.native()) + ": " + kName + ": ";
  const io::TensorInfo* info = file.find(kName);
  if (info == nullptr) throw Error(ErrorKind::usage, where + "no such tensor in the file");
  const auto [channels, height, width] = checked_shape(*info, where);
  Latents latents{static_cast<int>(channels), static_cast<int>(height), static_cast<int>(width), {}};
  latents.values.resize(static_cast<std::size_t>(channels * height * width));
  file.file().read_at(info->offset, std::as_writable_bytes(std::span(latents.values)));
  const bool finite =
      std::all_of(latents.values.begin(), latents.values.end(), [](float v) { return std::isfinite(v); });
  if (!finite) throw Error(ErrorKind::usage, where + "every value must be finite");
  return latents;
}

void write_latents(const std::filesystem::path& path, const Latents& latents, io::Overwrite overwrite) {
  const std::array<std::int64_t, 3> shape{latents.channels, latents.height, latents.width};
  const std::string bytes = io::safetensors_bytes(kName, shape, latents.values);
  io::write_atomically(path, std::as_bytes(std::span(bytes)), overwrite);
}

}  // namespace zimage::app
