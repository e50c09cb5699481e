// What a run of pictures cost, as lines for people and as JSON for programs.
#pragma once

#include "zimage/profile.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zimage::app {

struct TimedImage {
  std::uint64_t seed = 0;
  int prompt_tokens = 0;
  double seconds = 0;  // by the clock, from the prompt to 8-bit pixels in host memory
  Profile profile;
};

// What was run, and on what.
struct RunDescription {
  std::string date;  // UTC, ISO 8601
  std::vector<std::string> command;
  std::string gpu, compute_capability, driver;  // empty on the CPU
  std::string cpu;
  std::string torch, cuda, cudnn;
  std::string model, device, dtype, attention;
  int width = 0, height = 0;  // pixels
  int evaluations = 0;
  double guidance_scale = 0;
};

struct RunProfile {
  RunDescription description;
  LoadProfile load;
  std::vector<TimedImage> warmup, images;
  // What the driver counts beyond what was in use before the program took the device, after each step; none on the CPU
  // and where the driver's management library is missing.
  std::optional<std::uint64_t> device_bytes_after_load, device_bytes;
  std::uint64_t host_bytes = 0;  // the process' largest resident set
};

// Of the timed images: the middle one, or the mean of the two in the middle. 0 without any.
double median(std::vector<double> values);

std::vector<std::string> profile_table(const RunProfile& run);
std::string profile_json(const RunProfile& run);

}  // namespace zimage::app
