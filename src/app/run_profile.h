// What a run of pictures cost, as lines for people and as JSON for programs.
#pragma once

#include "zimage/profile.h"

#include "app/stage_name.h"

#include <cstdint>
#include <string>
#include <string_view>
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
  std::vector<MemorySample> samples;
  std::uint64_t host_bytes = 0;  // the process' largest resident set
};

// Of the timed images: the middle one, or the mean of the two in the middle. 0 without any.
double median(std::vector<double> values);

// One stage over all timed images: medians of times and transfers, the largest peaks.
struct StageSummary {
  Stage stage = Stage::load;
  StageProfile profile;
};
// Load, encode, denoise, decode.
std::vector<StageSummary> stage_summaries(const RunProfile& run);

// One image over all timed ones: medians of times, sums of retries and encodes, and of the rest the last one's.
struct RunSummary {
  double image_seconds = 0;
  double evaluation_seconds = 0;
  int encodes = 0;
  PlanProfile plan;
  std::uint64_t pinned_bytes = 0;  // the largest
  std::uint64_t device_bytes = 0;  // the most that was ever sampled
};
RunSummary run_summary(const RunProfile& run);

// What is unknown is left out of both.
std::vector<std::string> profile_table(const RunProfile& run);
std::string profile_json(const RunProfile& run);

}  // namespace zimage::app
