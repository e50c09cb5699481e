#include "app/image_event.h"

#include <algorithm>

namespace zimage::app {

double image_seconds(const Profile& profile) {
  return profile.encode.seconds + profile.denoise.seconds + profile.decode.seconds;
}

std::uint64_t peak_device_bytes(const Profile& profile) {
  std::uint64_t peak = 0;
  for (const StageProfile* stage : {&profile.encode, &profile.denoise, &profile.decode}) {
    peak = std::max({peak, stage->device_bytes, stage->peak.reserved});
  }
  return peak;
}

log::Event image_event(const WrittenImage& image, const std::string& message) {
  const Profile& profile = image.profile;
  log::Event event{"image",
                   message,
                   {{"path", image.path.string()},
                    {"seed", image.seed},
                    {"seconds", image_seconds(profile)},
                    {"encode_seconds", profile.encode.seconds},
                    {"denoise_seconds", profile.denoise.seconds},
                    {"decode_seconds", profile.decode.seconds},
                    {"host_bytes", profile.host.resident_bytes}}};
  if (const std::uint64_t peak = peak_device_bytes(profile); peak > 0) {
    event.fields.push_back({"peak_device_bytes", peak});
  }
  if (!profile.plan.levers.empty()) event.fields.push_back({"plan", profile.plan.levers});
  return event;
}

}  // namespace zimage::app
