// Takes down what a picture costs, stage by stage, without waiting for the device before the end.
#pragma once

#include "zimage/profile.h"

#include "runtime/memory_sampler.h"
#include "runtime/timeline.h"

namespace zimage {

class Profiler {
 public:
  // The encode stage begins. sampler: told of the stages; may be null. It must outlive this.
  Profiler(at::Device device, MemorySampler* sampler);

  void end_encode();
  void begin_denoise();  // the time in between was spent waiting for weights
  void step();           // an evaluation begins, or the last has ended
  void begin_decode();   // ends the stage before it
  void end();

  // What only others know, at any time before profile(). `stage` is any but load.
  void predict(Stage stage, const Prediction& prediction);
  void add_transfer(Stage stage, const Transfer& transfer);  // may be called more than once for a stage
  void set_plan(const PlanProfile& plan);
  void set_pinned_bytes(std::uint64_t bytes);

  // After end(). Waits for the device. encodes: prompts that went through the text encoder.
  Profile profile(int encodes) const;

 private:
  StageProfile& profile_of(Stage stage);
  // `next` begins: takes down the peaks of the stage that ended, unless that is none.
  void enter(std::optional<Stage> next, StageProfile* ended);

  at::Device device_;
  MemorySampler* sampler_;
  Timeline timeline_;
  Profile profile_;
};

}  // namespace zimage
