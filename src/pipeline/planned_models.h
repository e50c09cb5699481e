// The models, loaded as a plan says; loaded again where the plan must change: a larger image, less memory left by
// others, or an image that ran out of it.
#pragma once

#include "pipeline/device_start.h"
#include "pipeline/model_load.h"
#include "pipeline/recorded_steps.h"
#include "plan/plan.h"

#include <future>
#include <memory>

namespace zimage {

// What does not change from plan to plan.
struct RunChoice {
  Placement placement;
  AttentionBackend attention = AttentionBackend::automatic;
  plan::Policy policy;
};

class PlannedModels {
 public:
  // Plans for `image` and starts to load. `checkpoint` must outlive this. Throws Error(memory) when nothing fits,
  // before a weight is read.
  PlannedModels(const Checkpoint& checkpoint, const RunChoice& run, std::future<StartedDevice> device,
                const plan::ImageShape& image);

  // Ready for such an image: plans and loads again where under the present plan it would need more than the budget, or
  // than is there by now. Throws Error(memory).
  void prepare(const plan::ImageShape& image);

  // After an image ran out of memory: loads as the next plan says that needs less. false: there is none; what was
  // loaded is gone, and loaded again when it is asked for.
  bool step_down();

  // How many such images a window should hold under the present plan.
  int window_images(const plan::ImageShape& image) const;

  ModelLoad& load();
  // Of the transformer that is loaded.
  RecordedSteps& steps() { return steps_; }
  const plan::Plan& plan() const { return plan_; }
  // What each stage will take of an image of this shape, with a prompt of exactly so many tokens.
  plan::Plan plan_for(const plan::ImageShape& image) const;
  int rung() const { return rung_; }  // how often step_down has been of use

 private:
  plan::Problem problem(const plan::ImageShape& image) const;
  plan::Machine machine_now() const;
  void reload(const plan::Plan& plan);
  void start(std::future<std::unique_ptr<WeightReader>> reader);

  const Checkpoint& checkpoint_;
  RunChoice run_;
  plan::Problem problem_;  // that the plan was made for
  plan::Machine machine_;  // as it was before anything was loaded
  plan::Plan plan_;
  int rung_ = 0;
  std::unique_ptr<ModelLoad> load_;
  RecordedSteps steps_{Recording::never};
};

}  // namespace zimage
