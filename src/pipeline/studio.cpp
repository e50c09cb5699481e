#include "pipeline/studio.h"

#include "zimage/error.h"

#include "base/log.h"
#include "pipeline/failures.h"
#include "runtime/device_memory.h"

#include <optional>

namespace zimage {
namespace {

constexpr plan::VaeLevers kFallback{VaeTiling::strips, /*strip_rows=*/256, /*tile=*/0};

}  // namespace

plan::VaeLevers vae_levers(const Studio& studio) {
  return studio.decodes_by_strips ? kFallback : studio.models.plan().levers.vae;
}

at::Tensor decode(Studio& studio, const VaeDecoder& decoder, const at::Tensor& latents) {
  const VaeDecoder by_strips = decoder.with(kFallback);
  std::optional<Error> failure;
  const auto attempt = [&] {
    at::Tensor bytes;
    try {
      with_translated_failures([&] { bytes = (studio.decodes_by_strips ? by_strips : decoder).decode(latents); });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::memory) throw;
      failure = error;
    }
    return bytes;
  };
  if (const at::Tensor bytes = attempt(); bytes.defined()) return bytes;
  release_cached_memory(studio.device);
  if (const at::Tensor bytes = attempt(); bytes.defined()) return bytes;
  const bool is_whole = studio.models.plan().levers.vae.tiling == VaeTiling::whole && !studio.decodes_by_strips;
  if (!is_whole || studio.memory.strict_plan) throw *failure;
  log::warning(std::string(failure->what()) + "; from here on the VAE decodes by strips");
  studio.decodes_by_strips = true;
  release_cached_memory(studio.device);
  return by_strips.decode(latents);
}

void clear_memory_when_due(Studio& studio, std::size_t images) {
  const int interval = studio.memory.cache_clear_interval;
  if (interval > 0 && studio.images_since_clearing >= interval) {
    release_cached_memory(studio.device);
    studio.images_since_clearing = 0;
  }
  studio.images_since_clearing += static_cast<int>(images);
}

}  // namespace zimage
