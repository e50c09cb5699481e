// Takes down what a picture costs, stage by stage, without waiting for the device before the end.
#pragma once

#include "zimage/profile.h"

#include "runtime/timeline.h"

namespace zimage {

class Profiler {
 public:
  // The encode stage begins.
  explicit Profiler(at::Device device);

  void end_encode();
  void begin_denoise();  // the time in between was spent waiting for weights
  void step();           // an evaluation begins, or the last has ended
  void begin_decode();   // ends the stage before it
  void end();

  // After end(). Waits for the device. encodes: prompts that went through the text encoder.
  Profile profile(int encodes) const;

 private:
  at::Device device_;
  Timeline timeline_;
  Profile profile_;
};

}  // namespace zimage
