#include "pipeline/profiler.h"

#include "runtime/device_memory.h"

#include <numeric>

namespace zimage {

Profiler::Profiler(at::Device device) : device_(device), timeline_(device) {
  take_allocator_peak(device_);
  timeline_.mark();
}

void Profiler::end_encode() {
  timeline_.mark();
  profile_.encode.peak = take_allocator_peak(device_);
}

void Profiler::begin_denoise() { timeline_.mark(); }

void Profiler::step() { timeline_.mark(); }

void Profiler::begin_decode() {
  timeline_.mark();
  profile_.denoise.peak = take_allocator_peak(device_);
}

void Profiler::end() {
  timeline_.mark();
  profile_.decode.peak = take_allocator_peak(device_);
}

Profile Profiler::profile(int encodes) const {
  // encode, waiting for weights, what comes before the first evaluation, the evaluations, what comes after the last,
  // decode
  const std::vector<double> spans = timeline_.seconds();
  Profile profile = profile_;
  profile.encode.seconds = spans.front();
  profile.denoise.seconds = std::accumulate(spans.begin() + 2, spans.end() - 1, 0.0);
  profile.decode.seconds = spans.back();
  profile.evaluation_seconds.assign(spans.begin() + 3, spans.end() - 2);
  profile.encodes = encodes;
  return profile;
}

}  // namespace zimage
