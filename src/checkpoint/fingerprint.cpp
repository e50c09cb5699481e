#include "checkpoint/fingerprint.h"

#include "io/sha256.h"

#include <algorithm>
#include <array>
#include <span>

namespace zimage {
namespace {

constexpr std::size_t kDigits = 16;
// Headers alone do not tell a model from one that was trained on from it.
constexpr std::size_t kSampledTensors = 32;  // of a component
constexpr std::size_t kSampledBytes = 64;    // of each, at most

std::string described(const io::TensorInfo& info, std::string_view name) {
  std::string line(name);
  line.append(" ").append(safetensors_name(info.dtype));
  for (const std::int64_t side : info.shape) line.append(" ").append(std::to_string(side));
  return line + "\n";
}

std::string first_bytes(const TensorSource& source) {
  std::array<std::byte, kSampledBytes> bytes{};
  const std::span<std::byte> sample(bytes.data(), std::min<std::size_t>(kSampledBytes, source.info->bytes));
  source.file->read_at(source.info->offset, sample);
  return {reinterpret_cast<const char*>(sample.data()), sample.size()};
}

std::string content_of(const ComponentFiles& files) {
  std::vector<const TensorSource*> tensors;
  for (const TensorSource& source : files.tensors()) tensors.push_back(&source);
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorSource* a, const TensorSource* b) { return a->name < b->name; });
  std::string content;
  for (const TensorSource* source : tensors) content += described(*source->info, source->name);
  const std::size_t stride = std::max<std::size_t>(1, tensors.size() / kSampledTensors);
  for (std::size_t i = 0; i < tensors.size(); i += stride) content += first_bytes(*tensors[i]);
  return content;
}

}  // namespace

std::string fingerprint(const Checkpoint& checkpoint) {
  std::string content = std::to_string(checkpoint.scheduler_config().shift) + "\n";
  for (const ComponentFiles* files : {&checkpoint.text_encoder(), &checkpoint.transformer(), &checkpoint.vae()}) {
    content += content_of(*files);
  }
  return io::hex(io::sha256(content)).substr(0, kDigits);
}

}  // namespace zimage
