#include "pipeline/studio.h"

#include "zimage/error.h"

#include "base/log.h"
#include "pipeline/failures.h"
#include "runtime/device_memory.h"

namespace zimage {
namespace {

constexpr std::int64_t kFallbackStripRows = 256;

}  // namespace

at::Tensor decode(Studio& studio, const VaeDecoder& decoder, const at::Tensor& latents) {
  const bool is_whole = studio.models.plan().levers.vae.tiling == VaeTiling::whole;
  if (is_whole && !studio.decodes_by_strips) {
    at::Tensor bytes;
    try {
      with_translated_failures([&] { bytes = decoder.decode(latents); });
      return bytes;
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::memory || studio.memory.strict_plan) throw;
      log::warning(std::string(failure.what()) + "; from here on the VAE decodes by strips");
    }
    studio.decodes_by_strips = true;
    release_cached_memory(studio.device);
  }
  return is_whole ? decoder.with({VaeTiling::strips, kFallbackStripRows, 0}).decode(latents) : decoder.decode(latents);
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
