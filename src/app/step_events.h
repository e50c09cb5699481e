// Each step of an image as an event of the log, once it is over: what programs see of the progress.
#pragma once

#include "zimage/pipeline.h"

#include <chrono>
#include <optional>

namespace zimage::app {

class StepEvents {
 public:
  // A step begins, and ends the one before.
  void update(const Progress& progress);
  // No step follows.
  void end();

 private:
  std::optional<Progress> step_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace zimage::app
