#include "zimage/error.h"
#include "zimage/pipeline.h"

#include <cmath>
#include <string>

namespace zimage {
namespace {

constexpr int kSizeMultiple = 16;
constexpr int kMaxSize = 8192;  // 512 positions a side, 16 pixels each
constexpr int kMaxSteps = 1000;

[[noreturn]] void refuse(const std::string& field, const std::string& value, const std::string& rule) {
  throw Error(ErrorKind::usage, field + " " + value + ": " + rule);
}

void check_size(const char* field, int size) {
  if (size == 0) return;
  if (size < kSizeMultiple || size > kMaxSize || size % kSizeMultiple != 0) {
    refuse(field, std::to_string(size), "must be a multiple of 16 from 16 to 8192");
  }
}

void check_not_negative(const char* field, double value) {
  if (!std::isfinite(value) || value < 0) refuse(field, std::to_string(value), "must be a finite number, 0 or more");
}

void check_noise(const Latents& noise, int width, int height) {
  if (noise.width * 8 != width || noise.height * 8 != height) {
    refuse("initial noise", std::to_string(noise.height) + "x" + std::to_string(noise.width),
           "must be height/8 x width/8 = " + std::to_string(height / 8) + "x" + std::to_string(width / 8));
  }
  if (noise.values.size() != static_cast<std::size_t>(noise.channels) * noise.height * noise.width) {
    refuse("initial noise", std::to_string(noise.values.size()) + " values",
           "must be channels x height x width of them");
  }
  for (const float value : noise.values) {
    if (!std::isfinite(value)) refuse("initial noise", std::to_string(value), "every value must be finite");
  }
}

}  // namespace

void check_request(const Request& request) {
  check_size("width", request.width);
  check_size("height", request.height);
  if (request.steps < 2 || request.steps > kMaxSteps) {
    refuse("steps", std::to_string(request.steps), "must be from 2 to 1000 (N steps are N - 1 evaluations)");
  }
  check_not_negative("guidance scale", request.guidance_scale);
  check_not_negative("cfg normalization", request.cfg_normalization);
  check_not_negative("cfg truncation", request.cfg_truncation);
  if (request.initial_noise && request.width != 0 && request.height != 0) {
    check_noise(*request.initial_noise, request.width, request.height);
  }
}

}  // namespace zimage
