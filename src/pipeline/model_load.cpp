#include "pipeline/model_load.h"

#include "base/log.h"
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

}  // namespace

std::future<std::unique_ptr<WeightReader>> start_reader(const std::string& device) {
  return std::async(std::launch::async, [device] {
    const c10::InferenceMode inference;
    auto reader = std::make_unique<WeightReader>(at::Device(device));
    log::milestone(device + " is up, upload buffers allocated");
    return reader;
  });
}

ModelLoad::ModelLoad(const Checkpoint& checkpoint, const ModelPlan& plan,
                     std::future<std::unique_ptr<WeightReader>> reader)
    : bytes_total_(checkpoint.text_encoder().bytes() + checkpoint.transformer().bytes() + checkpoint.vae().bytes()),
      thread_([this, &checkpoint, plan, pending = std::move(reader)]() mutable {
        try {
          const std::unique_ptr<WeightReader> reader = pending.get();
          run(checkpoint, plan, *reader);
        } catch (...) {
          fail(std::current_exception());
        }
      }) {}

ModelLoad::~ModelLoad() { given_up_ = true; }

void ModelLoad::run(const Checkpoint& checkpoint, const ModelPlan& plan, WeightReader& reader) {
  const c10::InferenceMode inference;
  const at::Device device(plan.placement.device);
  const at::ScalarType dtype = scalar_type(plan.placement.dtype);
  TextEncoderConfig text_encoder_config = checkpoint.text_encoder_config();
  TransformerConfig transformer_config = checkpoint.transformer_config();
  text_encoder_config.attention = transformer_config.attention = plan.attention;
  reader.report_to([this](std::uint64_t bytes) {
    bytes_read_ = bytes;
    return !given_up_;
  });
  log::milestone("weights: reading");
  text_encoder_.promise.set_value(
      std::make_unique<TextEncoder>(text_encoder_config, checkpoint.text_encoder(), device, dtype, &reader));
  log::milestone("text encoder loaded, " + std::to_string(mib(bytes_read_)) + " MiB read");
  vae_decoder_.promise.set_value(std::make_unique<VaeDecoder>(checkpoint.vae_config(), checkpoint.vae(), device,
                                                              scalar_type(plan.placement.vae_dtype), &reader));
  log::milestone("VAE loaded, " + std::to_string(mib(bytes_read_)) + " MiB read");
  auto transformer = std::make_unique<Transformer>(transformer_config, checkpoint.transformer(),
                                                   transformer_load_spec(device, dtype), &reader);
  end_ = std::chrono::steady_clock::now();
  transformer_.promise.set_value(std::move(transformer));
  log::milestone("transformer loaded, " + std::to_string(mib(bytes_read_)) + " MiB read");
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
