// Takes down what a stage of the work costs, without waiting for the device before someone asks.
#pragma once

#include "zimage/profile.h"

#include "runtime/memory_sampler.h"
#include "runtime/timeline.h"

namespace zimage {

class StageRecorder {
 public:
  // The stage begins. sampler: told of it; may be null. It must outlive this.
  StageRecorder(Stage stage, at::Device device, MemorySampler* sampler);

  void step();  // a step begins, or the last has ended
  // next: what readings of memory belong to from here on; nothing: to no stage.
  void end(std::optional<Stage> next);

  // After end(). Both wait for the device.
  StageProfile profile() const;
  std::vector<double> step_seconds() const;

 private:
  at::Device device_;
  MemorySampler* sampler_;
  Timeline timeline_;
  StageProfile peaks_;  // without the seconds
};

// An image's part of a stage that `images` went through together: of the seconds and the transfers, not of the peaks.
StageProfile share_of(StageProfile stage, int images);

}  // namespace zimage
