#include "pipeline/model_load.h"

#include "base/log_event.h"
#include "checkpoint/units.h"
#include "runtime/device_memory.h"
#include "runtime/scalar_type.h"

#include <c10/core/InferenceMode.h>

#include <chrono>

namespace zimage {
namespace {

constexpr std::chrono::milliseconds kReportEvery(50);

template <class Promise>
void fail_unless_kept(Promise& promise, const std::exception_ptr& failure) {
  try {
    promise.set_exception(failure);
  } catch (const std::future_error&) {  // this model was loaded before
  }
}

int mib(std::uint64_t bytes) { return static_cast<int>(bytes >> 20); }

std::shared_ptr<Weights> make_weights(const Checkpoint& checkpoint, const ModelPlan& plan) {
  const at::Device device(plan.placement.device);
  const ImageOrder order = vae_decoder_layout(device, scalar_type(plan.placement.vae_dtype)).image_order;
  UnitLayouts layouts = layouts_of(checkpoint, {plan.placement.dtype, plan.placement.vae_dtype}, order);
  const plan::Units units = units_of(layouts);
  const plan::Arena& planned = plan.memory.arena;
  const WeightPlan where{planned.places.empty() ? plan::all_resident(units) : planned, plan.memory.host, device};
  return std::make_shared<Weights>(std::move(layouts), where, make_transfers(units, where));
}

// The models over weights that are there or will be.
class ModelMaker {
 public:
  ModelMaker(const Checkpoint& checkpoint, const ModelPlan& plan, std::shared_ptr<Weights> weights)
      : checkpoint_(checkpoint), plan_(plan), weights_(std::move(weights)) {}

  std::unique_ptr<TextEncoder> text_encoder() const {
    TextEncoderConfig config = checkpoint_.text_encoder_config();
    config.attention = plan_.attention;
    config.levers = plan_.memory.levers.activations;
    return std::make_unique<TextEncoder>(config, checkpoint_.text_encoder(), store(plan::Component::text_encoder));
  }
  std::unique_ptr<Transformer> transformer() const {
    TransformerConfig config = checkpoint_.transformer_config();
    config.attention = plan_.attention;
    config.levers = plan_.memory.levers.activations;
    return std::make_unique<Transformer>(config, store(plan::Component::transformer));
  }
  std::unique_ptr<VaeDecoder> vae_decoder() const {
    VaeConfig config = checkpoint_.vae_config();
    config.levers = plan_.memory.levers.vae;
    return std::make_unique<VaeDecoder>(config, store(plan::Component::vae));
  }

 private:
  WeightStore store(plan::Component component) const {
    const bool vae = component == plan::Component::vae;
    return {weights_, component, scalar_type(vae ? plan_.placement.vae_dtype : plan_.placement.dtype)};
  }

  const Checkpoint& checkpoint_;
  const ModelPlan& plan_;
  std::shared_ptr<Weights> weights_;
};

}  // namespace

ModelLoad::ModelLoad(const Checkpoint& checkpoint, const ModelPlan& plan,
                     std::future<std::unique_ptr<WeightReader>> reader)
    : bytes_total_(checkpoint.text_encoder().bytes() + checkpoint.transformer().bytes() + checkpoint.vae().bytes()),
      thread_([this, &checkpoint, plan, pending = std::move(reader)]() mutable {
        try {
          run(checkpoint, plan, pending.get());
        } catch (...) {
          fail(std::current_exception());
        }
      }) {}

ModelLoad::~ModelLoad() { given_up_ = true; }

void ModelLoad::run(const Checkpoint& checkpoint, const ModelPlan& plan, std::unique_ptr<WeightReader> reader) {
  const c10::InferenceMode inference;
  reader->report_to([this](std::uint64_t bytes) {
    bytes_read_ = bytes;
    return !given_up_;
  });
  log::milestone("weights: reading");
  weights_ = make_weights(checkpoint, plan);
  const ModelMaker make(checkpoint, plan, weights_);
  const bool streams = weights_->residency().streams();
  load(plan::Component::text_encoder, "text encoder", *reader);
  if (!streams) text_encoder_.promise.set_value(make.text_encoder());
  load(plan::Component::vae, "VAE", *reader);
  if (!streams) vae_decoder_.promise.set_value(make.vae_decoder());
  load(plan::Component::transformer, "transformer", *reader);
  end_ = std::chrono::steady_clock::now();
  if (streams) {  // an image would take from the load the places that it fills
    reader.reset();
    release_cached_memory(at::Device(plan.placement.device));
  }
  transformer_.promise.set_value(make.transformer());
  if (!streams) return;
  vae_decoder_.promise.set_value(make.vae_decoder());
  text_encoder_.promise.set_value(make.text_encoder());
}

void ModelLoad::load(plan::Component component, const char* name, WeightReader& reader) const {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t before = bytes_read_;
  weights_->load(component, reader);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  log::write_for_programs(
      log::Level::info,
      {"load",
       std::string(name) + " loaded",
       {{"component", std::string(name)}, {"bytes", std::uint64_t{bytes_read_ - before}}, {"seconds", taken.count()}}});
  log::milestone(std::string(name) + " loaded, " + std::to_string(mib(bytes_read_)) + " MiB read");
}

void ModelLoad::fail(const std::exception_ptr& failure) {
  fail_unless_kept(text_encoder_.promise, failure);
  fail_unless_kept(vae_decoder_.promise, failure);
  fail_unless_kept(transformer_.promise, failure);
}

template <class Model>
const Model& ModelLoad::wait(const Component<Model>& component, const ProgressCallback& progress) const {
  while (component.model.wait_for(kReportEvery) != std::future_status::ready) {
    if (progress && !progress({Stage::load, mib(bytes_read_), mib(bytes_total_)})) throw Cancelled{};
  }
  return *component.model.get();
}

const TextEncoder& ModelLoad::text_encoder(const ProgressCallback& progress) const {
  return wait(text_encoder_, progress);
}

const VaeDecoder& ModelLoad::vae_decoder(const ProgressCallback& progress) const {
  return wait(vae_decoder_, progress);
}

const Transformer& ModelLoad::transformer(const ProgressCallback& progress) const {
  return wait(transformer_, progress);
}

bool ModelLoad::is_complete() const {
  return transformer_.model.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace zimage
