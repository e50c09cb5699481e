#include "pipeline/stage_recorder.h"

#include "runtime/device_memory.h"

#include <numeric>

namespace zimage {

StageRecorder::StageRecorder(Stage stage, at::Device device, MemorySampler* sampler)
    : device_(device), sampler_(sampler), timeline_(device) {
  if (sampler_ != nullptr) sampler_->mark(stage);
  take_allocator_peak(device_);
  timeline_.mark();
}

void StageRecorder::step() { timeline_.mark(); }

void StageRecorder::end(std::optional<Stage> next) {
  timeline_.mark();
  if (sampler_ != nullptr) peaks_.device_bytes = sampler_->mark(next).device.value_or(0);
  peaks_.peak = take_allocator_peak(device_);
}

StageProfile StageRecorder::profile() const {
  const std::vector<double> spans = timeline_.seconds();
  StageProfile profile = peaks_;
  profile.seconds = std::accumulate(spans.begin(), spans.end(), 0.0);
  return profile;
}

std::vector<double> StageRecorder::step_seconds() const {
  // what comes before the first step, the steps, what comes after the last
  const std::vector<double> spans = timeline_.seconds();
  return {spans.begin() + 1, spans.end() - 1};
}

StageProfile share_of(StageProfile stage, int images) {
  stage.seconds /= images;
  stage.streamed.seconds /= images;
  stage.streamed.waited_seconds /= images;
  stage.streamed.bytes /= static_cast<std::uint64_t>(images);
  return stage;
}

}  // namespace zimage
