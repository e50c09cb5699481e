// A run's samples of memory in the forms in which they are shown.
#pragma once

#include "app/run_profile.h"

namespace zimage::app {

// Seconds, stage and MiB, a line a sample; empty where unknown.
std::string timeline_csv(const std::vector<MemorySample>& samples);

// A time that belongs to one stage.
struct StageBand {
  Stage stage = Stage::load;
  double begin = 0, end = 0;  // seconds
};
std::vector<StageBand> stage_bands(const std::vector<MemorySample>& samples);

// At most `count` readings evenly over the time, each the largest of those it stands for.
std::vector<MemorySample> thinned(const std::vector<MemorySample>& samples, std::size_t count);

}  // namespace zimage::app
