// The evaluations of an image, or of a batch, in turn. Those of small images are recorded with the second image of a
// kind and replayed for the ones after it: a single image would not get back what the recording takes, and a large one
// has kernels that are long enough.
#pragma once

#include "models/transformer/transformer.h"
#include "runtime/device_graph.h"
#include "sampling/guidance.h"

#include <functional>
#include <vector>

namespace zimage {

// Captions with the positions of the sequences that they make with the images.
struct Branch {
  CaptionContext captions;
  SequencePositions positions;
};

// What the steps read, and the latents that they move.
struct DenoiseState {
  at::Tensor latents;  // [B, C, H, W] float32
  Branch conditional, unconditional;
};

// All that a step's kernels depend on but the values in tensors.
struct RunKind {
  std::vector<std::int64_t> latent_shape;
  std::vector<std::int64_t> tokens, negative_tokens;  // of each joint sequence
  Guidance guidance;
  std::vector<float> sigmas;

  bool operator==(const RunKind&) const = default;
};

enum class Recording { never, of_small_images };

class RecordedSteps {
 public:
  // Evaluates the transformer and moves the state's latents.
  using Step = std::function<void(const DenoiseState& state, std::size_t index)>;

  // Of the models that are loaded: it must not outlive them.
  explicit RecordedSteps(Recording recording) : recording_(recording) {}

  // A run of sigmas - 1 steps begins. Recorded ones move tensors of their own, which take the state's values.
  void begin(const RunKind& kind, const DenoiseState& state, Step step);
  void step(std::size_t index) const;
  bool are_recorded() const { return graphs_.size() > 0; }
  // After the steps so far; the next one overwrites them.
  const at::Tensor& latents() const { return state_.latents; }
  // The run is over. The latents are the caller's.
  at::Tensor finish();

 private:
  void record();

  Recording recording_;
  RunKind kind_;  // of the last run
  DenoiseState state_;
  Step step_;
  DeviceGraphs graphs_;  // one for each step, or none
};

}  // namespace zimage
