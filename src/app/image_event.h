// An image that was written, as an event of the log.
#pragma once

#include "zimage/profile.h"

#include "base/log_event.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace zimage::app {

// Of the stages, by the device's clock.
double image_seconds(const Profile& profile);
// The most that a stage held of the device; 0 on the CPU.
std::uint64_t peak_device_bytes(const Profile& profile);

struct WrittenImage {
  std::filesystem::path path;
  std::uint64_t seed = 0;
  Profile profile;
};

// message: the line for people.
log::Event image_event(const WrittenImage& image, const std::string& message);

}  // namespace zimage::app
