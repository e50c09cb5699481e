#include "app/step_events.h"

#include "app/stage_name.h"
#include "base/log_event.h"

#include <string>

namespace zimage::app {
namespace {

log::Event event_of(const Progress& progress, double seconds) {
  const std::string stage(name_of(progress.stage));
  return {"step",
          stage + " " + std::to_string(progress.step) + "/" + std::to_string(progress.steps),
          {{"stage", stage},
           {"step", std::int64_t{progress.step}},
           {"steps", std::int64_t{progress.steps}},
           {"image", std::int64_t{progress.image}},
           {"images", std::int64_t{progress.images}},
           {"seconds", seconds}}};
}

}  // namespace

void StepEvents::update(const Progress& progress) {
  end();
  if (progress.stage == Stage::load || !log::is_read_by_programs()) return;
  step_ = progress;
  start_ = std::chrono::steady_clock::now();
}

void StepEvents::end() {
  if (!step_) return;
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start_;
  log::write_for_programs(log::Level::info, event_of(*step_, taken.count()));
  step_.reset();
}

}  // namespace zimage::app
