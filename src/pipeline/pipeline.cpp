#include "zimage/pipeline.h"

#include "zimage/error.h"

#include "base/log.h"
#include "checkpoint/fingerprint.h"
#include "pipeline/drawing.h"
#include "pipeline/failures.h"
#include "pipeline/placement.h"
#include "pipeline/plan_profile.h"
#include "pipeline/studio.h"
#include "plan/explain.h"
#include "plan/policy.h"
#include "plan/tokens.h"
#include "plan/window.h"
#include "runtime/device.h"
#include "runtime/device_memory.h"
#include "runtime/memory_source.h"
#include "text/tokenizer.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <optional>
#include <thread>

namespace zimage {
namespace {

static_assert(TextEncoder::kMaxTokens >= Tokenizer::kMaxTokens);
static_assert(plan::kMostPromptTokens >= Tokenizer::kMaxTokens);

// float32 means float32: no TF32, and 16-bit products are summed in float32 throughout.
void configure_arithmetic(int threads) {
  if (threads > 0) at::set_num_threads(threads);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowFP16ReductionCuBLAS(false);
  at::globalContext().setAllowBF16ReductionCuBLAS(false);
}

plan::ImageShape shape_of(const PlannedImages& images, int default_size) {
  return {.width = images.width == 0 ? default_size : images.width,
          .height = images.height == 0 ? default_size : images.height,
          .prompt_tokens = Tokenizer::kMaxTokens,
          .evaluations = (images.steps - 1) * (images.guided ? 2 : 1),
          .guided = images.guided};
}

plan::ImageShape shape_of(const Request& r) {
  return shape_of({r.width, r.height, r.steps, r.guidance_scale > 0}, /*default_size=*/0);
}

// What serves every one of them.
plan::ImageShape shape_of(const std::vector<Item>& items) {
  plan::ImageShape all = shape_of(items.front().request);
  for (const Item& item : items) {
    const plan::ImageShape one = shape_of(item.request);
    if (one.width * one.height > all.width * all.height) {
      all.width = one.width;
      all.height = one.height;
    }
    all.evaluations = std::max(all.evaluations, one.evaluations);
    all.guided = all.guided || one.guided;
  }
  return all;
}

RunChoice run_choice(const PipelineOptions& options, const Placement& placement, AttentionBackend attention) {
  RunChoice run{placement, attention, plan::policy_of(options.memory)};
  run.policy.max_batch = options.images.max_batch;
  return run;
}

// "2", "0.5"
std::string plain_seconds(double seconds) {
  std::string text = std::to_string(seconds);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::unique_ptr<MemorySampler> start_sampler(const PipelineOptions& options) {
  if (options.memory_interval <= 0) return nullptr;
  return std::make_unique<MemorySampler>(memory_source(resolve_device(options.device)),
                                         std::chrono::milliseconds(options.memory_interval));
}

}  // namespace

class Pipeline::Impl {
 public:
  explicit Impl(const PipelineOptions& options)
      : sampler_(start_sampler(options)),
        device_start_(start_device(resolve_device(options.device))),
        checkpoint_(options.model_dir, options.components),
        tokenizer_dir_(find_tokenizer(options.model_dir, options.components)),
        tokenizer_(tokenizer_dir_),
        placement_(place(options.device, options.dtype, checkpoint_)),
        dtype_(option_name(placement_.dtype)),
        attention_(place_attention(options.attention, placement_, checkpoint_)),
        attention_name_(option_name(attention_.joint)),
        warnings_(checkpoint_.warnings()) {
    if (tokenizer_.size() > checkpoint_.text_encoder_config().vocab_size) {
      throw Error(ErrorKind::model, tokenizer_dir_.string() + ": token id " + std::to_string(tokenizer_.size() - 1) +
                                        " has no row in the text encoder's embedding (vocab_size " +
                                        std::to_string(checkpoint_.text_encoder_config().vocab_size) + ")");
    }
    log::milestone("tokenizer and headers read");
    configure_arithmetic(options.threads);
    const plan::ImageShape image = shape_of(options.images, default_size());
    studio_.reset(new Studio{
        .checkpoint = checkpoint_,
        .device = at::Device(placement_.device),
        .memory = options.memory,
        .sampler = sampler_.get(),
        .models = {checkpoint_, run_choice(options, placement_, attention_.asked), std::move(device_start_), image}});
  }

  void generate_window(std::span<const Request> requests, const OutcomeCallback& on_image,
                       const ProgressCallback& progress);
  Profile plan(const Request& request) const;
  int window_images(const Request& request) const { return studio_->models.window_images(shape_of(sized(request))); }

  const std::string& device() const { return placement_.device; }
  const std::string& dtype() const { return dtype_; }
  const std::string& attention() const { return attention_name_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  std::string fingerprint() const { return zimage::fingerprint(checkpoint_); }
  // Waits for all weights.
  LoadProfile load(const ProgressCallback& progress);
  std::vector<MemorySample> memory_samples() const {
    return sampler_ ? sampler_->samples() : std::vector<MemorySample>();
  }
  int default_size() const { return static_cast<int>(checkpoint_.vae_config().sample_size); }

 private:
  // Throws Error(usage).
  Item prepare(std::size_t index, const Request& request) const;
  Request sized(const Request& request) const;
  // Adds the result's warnings.
  std::vector<std::int32_t> tokenize(const std::string& prompt, Item& item) const;
  // Does the work again, one rung down the ladder of plans, each time that it runs out of memory.
  // stage: where the work is.
  void within_memory(const std::function<void()>& work, const std::function<Stage()>& stage);
  // What ran out, in which stage, and under which plan.
  Error explained(const Error& failure, Stage stage) const;
  // Throws Error(memory), saying what to change, where no plan needs less or none other may be taken.
  void step_down(const Error& failure);

  std::unique_ptr<MemorySampler> sampler_;  // null: nobody asked. First: counts from before CUDA starts
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::future<StartedDevice> device_start_;  // before the rest: the device comes up while the folder is read
  Checkpoint checkpoint_;
  std::filesystem::path tokenizer_dir_;
  Tokenizer tokenizer_;
  Placement placement_;
  std::string dtype_;
  AttentionPlacement attention_;
  std::string attention_name_;
  std::vector<std::string> warnings_;
  std::unique_ptr<Studio> studio_;
};

Profile Pipeline::Impl::plan(const Request& request) const {
  const Request whole = sized(request);
  check_request(whole);
  const plan::Plan plan = studio_->models.plan_for(shape_of(whole));
  Profile profile;
  profile.plan = plan_profile({.plan = &plan, .rung = studio_->models.rung() + 1, .retries = 0});
  profile.encode.predicted = prediction(plan, Stage::encode);
  profile.denoise.predicted = prediction(plan, Stage::denoise);
  profile.decode.predicted = prediction(plan, Stage::decode);
  if (whole.step_images) profile.decode.predicted.seconds *= whole.steps - 1;  // the last one is the image itself
  return profile;
}

LoadProfile Pipeline::Impl::load(const ProgressCallback& progress) {
  within_memory([&] { studio_->models.load().transformer(progress); }, [] { return Stage::load; });
  const std::chrono::duration<double> taken = studio_->models.load().end() - start_;
  LoadProfile profile{.seconds = taken.count(), .peak = take_allocator_peak(at::Device(placement_.device))};
  if (sampler_) profile.device_bytes = sampler_->mark(std::nullopt).device.value_or(0);
  return profile;
}

std::vector<std::int32_t> Pipeline::Impl::tokenize(const std::string& prompt, Item& item) const {
  const PromptTokens tokens =
      tokenizer_.encode_prompt(prompt, item.request.literal_prompt ? SpecialTokens::literal : SpecialTokens::parse);
  std::vector<std::string>& warnings = item.result.warnings;
  if (tokens.truncated) {
    warnings.push_back("prompt cut at " + std::to_string(Tokenizer::kMaxTokens) +
                       " tokens; dropped: " + tokens.dropped);
  }
  if (tokens.has_special_tokens) {
    warnings.push_back("the prompt holds special tokens, which steer the model (--literal-prompt takes them as text)");
  }
  item.result.prompt_tokens = static_cast<int>(tokens.ids.size());
  return tokens.ids;
}

Request Pipeline::Impl::sized(const Request& request) const {
  Request sized = request;
  if (sized.width == 0) sized.width = default_size();
  if (sized.height == 0) sized.height = default_size();
  return sized;
}

Item Pipeline::Impl::prepare(std::size_t index, const Request& request) const {
  Item item{.index = index, .request = sized(request)};
  check_request(item.request);
  const std::optional<Latents>& noise = request.initial_noise;
  if (request.noise_source == NoiseSource::cuda && device() == "cpu" && !noise) {
    throw Error(ErrorKind::usage, "noise source cuda: the model runs on the CPU");
  }
  const std::int64_t channels = checkpoint_.transformer_config().in_channels;
  if (noise && noise->channels != channels) {
    throw Error(ErrorKind::usage, "initial noise " + std::to_string(noise->channels) + " channels: the model has " +
                                      std::to_string(channels));
  }
  if (request.guidance_scale > 0) item.negative_prompt = tokenize(request.negative_prompt, item);
  item.prompt = tokenize(request.prompt, item);
  return item;
}

void Pipeline::Impl::generate_window(std::span<const Request> requests, const OutcomeCallback& on_image,
                                     const ProgressCallback& progress) {
  Window window(on_image, progress);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    try {
      window.add(prepare(i, requests[i]));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage) throw;
      on_image(i, {.result = {}, .error = error});
    }
  }
  if (window.items().empty()) return;
  studio_->models.prepare(shape_of(window.items()));
  within_memory([&] { Drawing(*studio_, window).run(); }, [&] { return window.stage(); });
}

void Pipeline::Impl::within_memory(const std::function<void()>& work, const std::function<Stage()>& stage) {
  for (;;) {
    try {
      return with_translated_failures(work);
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::memory) throw;
      step_down(explained(failure, stage()));
    }
  }
}

Error Pipeline::Impl::explained(const Error& failure, Stage stage) const {
  const plan::Plan& plan = studio_->models.plan();
  return Error(ErrorKind::memory, std::string(plan::stage_name(stage)) + ": " + failure.what() + ", with a plan of " +
                                      std::to_string(plan.peak_bytes() >> 20) + " MiB (" + in_words(plan.levers) + ")");
}

void Pipeline::Impl::step_down(const Error& failure) {
  const std::string what_to_change = "; end what else uses the GPU, or give a smaller --vram-budget";
  if (studio_->memory.strict_plan) {
    throw Error(ErrorKind::memory, failure.what() + what_to_change + ", or leave --strict-plan out");
  }
  log::warning(std::string(failure.what()) + "; waiting " + plain_seconds(studio_->memory.oom_retry_delay_seconds) +
               " s, then again with a plan that needs less");
  studio_->prompts.leave_device();
  std::this_thread::sleep_for(std::chrono::duration<double>(studio_->memory.oom_retry_delay_seconds));
  if (!studio_->models.step_down()) {
    throw Error(ErrorKind::memory, failure.what() + what_to_change + "; no plan needs less than is free");
  }
}

Pipeline::Pipeline(const PipelineOptions& options) {
  with_translated_failures([&] { impl_ = std::make_unique<Impl>(options); });
}

Pipeline::~Pipeline() = default;
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;

LoadProfile Pipeline::load(const ProgressCallback& progress) {
  LoadProfile profile;
  with_translated_failures([&] { profile = impl_->load(progress); });
  return profile;
}

Result Pipeline::generate(const Request& request, const ProgressCallback& progress) {
  Outcome only;
  generate_window(
      {&request, 1}, [&](std::size_t, Outcome outcome) { only = std::move(outcome); }, progress);
  if (only.error) throw Error(*only.error);
  return std::move(*only.result);
}

void Pipeline::generate_window(std::span<const Request> requests, const OutcomeCallback& on_image,
                               const ProgressCallback& progress) {
  with_translated_failures([&] { impl_->generate_window(requests, on_image, progress); });
}

Profile Pipeline::plan(const Request& request) const { return impl_->plan(request); }
int Pipeline::window_images(const Request& request) const { return impl_->window_images(request); }

std::vector<MemorySample> Pipeline::memory_samples() const { return impl_->memory_samples(); }
const std::string& Pipeline::device() const { return impl_->device(); }
const std::string& Pipeline::dtype() const { return impl_->dtype(); }
const std::string& Pipeline::attention() const { return impl_->attention(); }
int Pipeline::default_width() const { return impl_->default_size(); }
int Pipeline::default_height() const { return impl_->default_size(); }
std::string Pipeline::fingerprint() const { return impl_->fingerprint(); }
const std::vector<std::string>& Pipeline::warnings() const { return impl_->warnings(); }

}  // namespace zimage
