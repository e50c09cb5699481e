// The three models on their way from a checkpoint to a device, in the order in which an image needs them. Where all
// weights stay on the device, the prompt is encoded while the transformer is still being read.
#pragma once

#include "zimage/pipeline.h"

#include "models/text_encoder/text_encoder.h"
#include "models/transformer/transformer.h"
#include "models/vae/decoder.h"
#include "pipeline/placement.h"
#include "plan/plan.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

namespace zimage {

struct ModelPlan {
  Placement placement;
  AttentionBackend attention = AttentionBackend::automatic;
  plan::Plan memory;  // an arena without places: all weights stay on the device
};

class ModelLoad {
 public:
  // Starts a thread that loads, once the device is up. `checkpoint` must outlive this.
  ModelLoad(const Checkpoint& checkpoint, const ModelPlan& plan, std::future<std::unique_ptr<WeightReader>> reader);
  ~ModelLoad();  // gives up what is not loaded yet
  ModelLoad(const ModelLoad&) = delete;
  ModelLoad& operator=(const ModelLoad&) = delete;

  // Each waits until its model is loaded, and reports how far all of them are meanwhile. Throws what stopped the load,
  // or Cancelled when `progress` returned false: the load goes on, and the model can be asked for again.
  const TextEncoder& text_encoder(const ProgressCallback& progress) const;
  const VaeDecoder& vae_decoder(const ProgressCallback& progress) const;
  const Transformer& transformer(const ProgressCallback& progress) const;

  // Once a model is there: what the next image is going to use.
  void expect(Visits visits) const { weights_->residency().expect(std::move(visits)); }
  // Once a model is there. Ends a lap of the transfers: the bytes that came over the link in it, and later, which waits
  // for the device, the seconds of each lap since they were last taken, where there is a clock for them.
  std::uint64_t end_lap() const {
    weights_->residency().lap();
    return weights_->residency().take_count().bytes;
  }
  std::vector<TransferSeconds> take_laps() const { return weights_->residency().take_laps(); }
  // Once a model is there: what the host holds.
  const HostWeights& host_weights() const { return weights_->host(); }

  // All models are there.
  bool is_complete() const;
  // When that came about.
  std::chrono::steady_clock::time_point end() const { return end_; }

 private:
  template <class Model>
  struct Component {
    std::promise<std::unique_ptr<Model>> promise;
    std::shared_future<std::unique_ptr<Model>> model = promise.get_future().share();
  };

  template <class Model>
  const Model& wait(const Component<Model>& component, const ProgressCallback& progress) const;
  void run(const Checkpoint& checkpoint, const ModelPlan& plan, std::unique_ptr<WeightReader> reader);
  void load(plan::Component component, const char* name, WeightReader& reader) const;
  void fail(const std::exception_ptr& failure);

  std::shared_ptr<Weights> weights_;
  Component<TextEncoder> text_encoder_;
  Component<VaeDecoder> vae_decoder_;
  Component<Transformer> transformer_;
  std::uint64_t bytes_total_;
  std::atomic<std::uint64_t> bytes_read_ = 0;
  std::atomic<bool> given_up_ = false;
  std::chrono::steady_clock::time_point end_;
  std::jthread thread_;  // last: joined before the rest goes
};

}  // namespace zimage
