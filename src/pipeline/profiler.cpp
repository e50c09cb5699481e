#include "pipeline/profiler.h"

#include "runtime/device_memory.h"
#include "runtime/host_memory.h"

#include <numeric>
#include <stdexcept>

namespace zimage {

Profiler::Profiler(at::Device device, MemorySampler* sampler) : device_(device), sampler_(sampler), timeline_(device) {
  enter(Stage::encode, nullptr);
  timeline_.mark();
}

void Profiler::enter(std::optional<Stage> next, StageProfile* ended) {
  const MemoryReading reading = sampler_ != nullptr ? sampler_->mark(next) : MemoryReading{};
  const AllocatorPeak peak = take_allocator_peak(device_);
  if (ended == nullptr) return;
  ended->peak = peak;
  ended->device_bytes = reading.device.value_or(0);
}

void Profiler::end_encode() {
  timeline_.mark();
  enter(Stage::load, &profile_.encode);
}

void Profiler::begin_denoise() {
  enter(Stage::denoise, nullptr);
  timeline_.mark();
}

void Profiler::step() { timeline_.mark(); }

void Profiler::begin_decode() {
  timeline_.mark();
  enter(Stage::decode, &profile_.denoise);
}

void Profiler::end() {
  timeline_.mark();
  enter(std::nullopt, &profile_.decode);
  profile_.host.resident_bytes = resident_bytes();
}

StageProfile& Profiler::profile_of(Stage stage) {
  switch (stage) {
    case Stage::encode:
      return profile_.encode;
    case Stage::denoise:
      return profile_.denoise;
    case Stage::decode:
      return profile_.decode;
    case Stage::load:
      break;
  }
  throw std::invalid_argument("a picture has no load stage");
}

void Profiler::predict(Stage stage, const Prediction& prediction) { profile_of(stage).predicted = prediction; }

void Profiler::add_transfer(Stage stage, const Transfer& transfer) {
  Transfer& sum = profile_of(stage).streamed;
  sum.bytes += transfer.bytes;
  sum.seconds += transfer.seconds;
  sum.waited_seconds += transfer.waited_seconds;
}

void Profiler::set_plan(const PlanProfile& plan) { profile_.plan = plan; }

void Profiler::set_pinned_bytes(std::uint64_t bytes) { profile_.host.pinned_bytes = bytes; }

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
