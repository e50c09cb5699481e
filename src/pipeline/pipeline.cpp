#include "zimage/pipeline.h"

#include "zimage/error.h"

#include "base/log.h"
#include "pipeline/denoise.h"
#include "pipeline/failures.h"
#include "pipeline/placement.h"
#include "pipeline/plan_profile.h"
#include "pipeline/planned_models.h"
#include "pipeline/profiler.h"
#include "pipeline/prompt_cache.h"
#include "pipeline/rehearsal.h"
#include "plan/policy.h"
#include "runtime/device.h"
#include "runtime/device_memory.h"
#include "runtime/memory_source.h"
#include "sampling/flow_match_euler.h"
#include "sampling/noise.h"
#include "text/tokenizer.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <thread>

namespace zimage {
namespace {

static_assert(TextEncoder::kMaxTokens >= Tokenizer::kMaxTokens);

constexpr std::int64_t kFallbackStripRows = 256;

// float32 means float32: no TF32, and 16-bit products are summed in float32 throughout.
void configure_arithmetic(int threads) {
  if (threads > 0) at::set_num_threads(threads);
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowFP16ReductionCuBLAS(false);
  at::globalContext().setAllowBF16ReductionCuBLAS(false);
}

void report(const ProgressCallback& progress, const Progress& state) {
  if (progress && !progress(state)) throw Cancelled{};
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

// What came over the link, stage by stage.
using StageTransfers = std::vector<std::pair<Stage, std::uint64_t>>;

// seconds: of the same stages, or none.
void add_transfers(Profiler& profiler, const StageTransfers& transfers, const std::vector<TransferSeconds>& seconds) {
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    Transfer transfer{.bytes = transfers[i].second};
    if (transfers.size() == seconds.size()) {
      transfer.seconds = seconds[i].copying;
      transfer.waited_seconds = seconds[i].waiting;
    }
    profiler.add_transfer(transfers[i].first, transfer);
  }
}

// bytes: [H, W, 3] on the host.
Image to_image(const at::Tensor& bytes) {
  Image image{static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)), {}};
  image.rgb.assign(bytes.const_data_ptr<std::uint8_t>(), bytes.const_data_ptr<std::uint8_t>() + bytes.numel());
  return image;
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
        memory_(options.memory),
        checkpoint_(options.model_dir),
        tokenizer_(checkpoint_.tokenizer_dir()),
        placement_(place(options.device, options.dtype, checkpoint_)),
        dtype_(option_name(placement_.dtype)),
        attention_(place_attention(options.attention, placement_, checkpoint_)),
        attention_name_(option_name(attention_.joint)),
        warnings_(checkpoint_.warnings()) {
    if (tokenizer_.size() > checkpoint_.text_encoder_config().vocab_size) {
      throw Error(ErrorKind::model, checkpoint_.tokenizer_dir().string() + ": token id " +
                                        std::to_string(tokenizer_.size() - 1) +
                                        " has no row in the text encoder's embedding (vocab_size " +
                                        std::to_string(checkpoint_.text_encoder_config().vocab_size) + ")");
    }
    log::milestone("tokenizer and headers read");
    configure_arithmetic(options.threads);
    models_.emplace(checkpoint_, RunChoice{placement_, attention_.asked, plan::policy_of(options.memory)},
                    std::move(device_start_), shape_of(options.images, default_size()));
  }

  Result generate(const Request& request, const ProgressCallback& progress);

  const Checkpoint& checkpoint() const { return checkpoint_; }
  const std::string& device() const { return placement_.device; }
  const std::string& dtype() const { return dtype_; }
  const std::string& attention() const { return attention_name_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // Waits for all weights.
  LoadProfile load(const ProgressCallback& progress);
  std::vector<MemorySample> memory_samples() const {
    return sampler_ ? sampler_->samples() : std::vector<MemorySample>();
  }
  int default_size() const { return static_cast<int>(checkpoint_.vae_config().sample_size); }

 private:
  using TokenIds = std::vector<std::int32_t>;

  Result draw(const Request& request, const ProgressCallback& progress);
  // Does the work again, one rung down the ladder of plans, each time that it runs out of memory.
  void within_memory(const std::function<void()>& work);
  // Throws `failure` where no plan needs less.
  void step_down(const Error& failure);
  // Appends to the result's warnings.
  TokenIds tokenize(const std::string& prompt, const Request& request, Result& result) const;
  // Embeddings of one prompt, [L, hidden].
  at::Tensor encode(const TokenIds& ids, Result& result);
  // [H, W, 3] bytes on the host. By strips, which draw the same, where memory does not suffice for the whole at once:
  // the allocator may have it in pieces.
  at::Tensor decode(const VaeDecoder& decoder, const at::Tensor& latents);
  // What an image of these prompts is going to use. Waits for all weights.
  Visits visits(const std::vector<TokenIds>& prompts, const Guidance& guidance, const std::vector<float>& sigmas);

  std::unique_ptr<MemorySampler> sampler_;  // null: nobody asked. First: counts from before CUDA starts
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::future<StartedDevice> device_start_;  // before the rest: the device comes up while the folder is read
  MemoryOptions memory_;
  Checkpoint checkpoint_;
  Tokenizer tokenizer_;
  Placement placement_;
  std::string dtype_;
  AttentionPlacement attention_;
  std::string attention_name_;
  std::vector<std::string> warnings_;
  std::optional<PlannedModels> models_;
  PromptCache prompts_;
  int images_ = 0;
  bool decodes_by_strips_ = false;  // though the plan does not say so: memory ran out in a decode
};

LoadProfile Pipeline::Impl::load(const ProgressCallback& progress) {
  within_memory([&] { models_->load().transformer(progress); });
  const std::chrono::duration<double> taken = models_->load().end() - start_;
  LoadProfile profile{.seconds = taken.count(), .peak = take_allocator_peak(at::Device(placement_.device))};
  if (sampler_) profile.device_bytes = sampler_->mark(std::nullopt).device.value_or(0);
  return profile;
}

Pipeline::Impl::TokenIds Pipeline::Impl::tokenize(const std::string& prompt, const Request& request,
                                                  Result& result) const {
  const PromptTokens tokens =
      tokenizer_.encode_prompt(prompt, request.literal_prompt ? SpecialTokens::literal : SpecialTokens::parse);
  if (tokens.truncated) {
    result.warnings.push_back("prompt cut at " + std::to_string(Tokenizer::kMaxTokens) +
                              " tokens; dropped: " + tokens.dropped);
  }
  if (tokens.has_special_tokens) {
    result.warnings.push_back(
        "the prompt holds special tokens, which steer the model (--literal-prompt takes them as text)");
  }
  result.prompt_tokens = static_cast<int>(tokens.ids.size());
  return tokens.ids;
}

at::Tensor Pipeline::Impl::encode(const TokenIds& prompt, Result& result) {
  return prompts_.get(prompt, [&](const TokenIds& ids) {
    ++result.profile.encodes;
    return models_->load().text_encoder({}).forward(ids);
  });
}

at::Tensor Pipeline::Impl::decode(const VaeDecoder& decoder, const at::Tensor& latents) {
  const bool is_whole = models_->plan().levers.vae.tiling == VaeTiling::whole;
  if (is_whole && !decodes_by_strips_) {
    at::Tensor bytes;
    try {
      with_translated_failures([&] { bytes = decoder.decode(latents); });
      return bytes;
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::memory || memory_.strict_plan) throw;
      log::warning(std::string(failure.what()) + "; from here on the VAE decodes by strips");
    }
    decodes_by_strips_ = true;
    release_cached_memory(at::Device(placement_.device));
  }
  return is_whole ? decoder.with({VaeTiling::strips, kFallbackStripRows, 0}).decode(latents) : decoder.decode(latents);
}

Visits Pipeline::Impl::visits(const std::vector<TokenIds>& prompts, const Guidance& guidance,
                              const std::vector<float>& sigmas) {
  Visits visits;
  const auto append = [&](const Visits& more) { visits.insert(visits.end(), more.begin(), more.end()); };
  for (const TokenIds& prompt : prompts) {
    if (!prompts_.contains(prompt)) append(models_->load().text_encoder({}).visits());
  }
  append(denoise_visits(models_->load().transformer({}), guidance, sigmas));
  append(models_->load().vae_decoder({}).visits());
  return visits;
}

Result Pipeline::Impl::generate(const Request& request, const ProgressCallback& progress) {
  if (memory_.cache_clear_interval > 0 && images_ > 0 && images_ % memory_.cache_clear_interval == 0) {
    release_cached_memory(at::Device(placement_.device));
  }
  ++images_;
  models_->prepare(shape_of(request));
  Result result;
  within_memory([&] { result = draw(request, progress); });
  return result;
}

void Pipeline::Impl::within_memory(const std::function<void()>& work) {
  for (;;) {
    try {
      return with_translated_failures(work);
    } catch (const Error& failure) {
      if (failure.kind() != ErrorKind::memory || memory_.strict_plan) throw;
      step_down(failure);
    }
  }
}

void Pipeline::Impl::step_down(const Error& failure) {
  log::warning(std::string(failure.what()) + "; waiting " + std::to_string(memory_.oom_retry_delay_seconds) +
               " s, then again with a plan that needs less");
  prompts_ = {};
  std::this_thread::sleep_for(std::chrono::duration<double>(memory_.oom_retry_delay_seconds));
  if (!models_->step_down()) throw failure;
}

Result Pipeline::Impl::draw(const Request& request, const ProgressCallback& progress) {
  const c10::InferenceMode inference;
  const at::Device device(placement_.device);
  const std::vector<float> sigmas = flow_match_sigmas(request.steps - 1, checkpoint_.scheduler_config().shift);
  Result result;

  const std::vector<std::int64_t> latent_shape{checkpoint_.transformer_config().in_channels, request.height / 8,
                                               request.width / 8};
  ModelLoad& load = models_->load();
  load.text_encoder(progress);
  DenoiseInput input{.guidance = {request.guidance_scale, request.cfg_normalization, request.cfg_truncation},
                     .sigmas = sigmas};
  std::vector<TokenIds> prompts;  // in the order in which they are encoded
  if (request.guidance_scale > 0) prompts.push_back(tokenize(request.negative_prompt, request, result));
  prompts.push_back(tokenize(request.prompt, request, result));
  const std::future<void> rehearsal = rehearse_decode(load, device, latent_shape);
  Profiler profiler(device, sampler_.get());
  describe_plan(profiler, {.plan = &models_->plan(), .rung = models_->rung() + 1, .retries = models_->rung()});
  if (load.is_complete()) {  // else all weights stay
    load.take_laps();
    load.expect(visits(prompts, input.guidance, sigmas));
  }
  // The CPU draws while the device encodes. It uploads later: a copy from here would stand in the encoder's way.
  const at::Device noise_device = request.noise_source == NoiseSource::cpu ? at::Device(at::kCPU) : device;
  std::future<at::Tensor> noise = std::async(std::launch::async, [&] {
    const c10::InferenceMode no_gradients;
    return request.initial_noise ? to_tensor(*request.initial_noise, noise_device)
                                 : initial_noise(latent_shape, request.seed, request.noise_source, noise_device);
  });
  report(progress, {Stage::encode, 1, 1});
  if (request.guidance_scale > 0) input.negative_prompt_embeds = encode(prompts.front(), result);
  input.prompt_embeds = encode(prompts.back(), result);
  profiler.end_encode();
  StageTransfers transfers{{Stage::encode, load.end_lap()}};

  log::milestone("prompt encoded");
  const VaeDecoder& vae_decoder = load.vae_decoder(progress);
  const Transformer& transformer = load.transformer(progress);
  profiler.begin_denoise();
  input.noise = noise.get().to(device);
  const int evaluations = request.steps - 1;
  const at::Tensor latents = denoise(transformer, input, models_->steps(), [&](int done, const at::Tensor&) {
    profiler.step();
    if (done < evaluations) report(progress, {Stage::denoise, done + 1, evaluations});
  });
  result.latents = to_latents(latents);
  transfers.push_back({Stage::denoise, load.end_lap()});
  log::milestone("denoised");

  profiler.begin_decode();
  report(progress, {Stage::decode, 1, 1});
  result.image = to_image(decode(vae_decoder, latents));
  profiler.end();
  add_transfers(profiler, transfers, load.take_laps());
  profiler.set_pinned_bytes(load.host_weights().pinned_bytes());
  log::milestone("decoded");
  result.profile = profiler.profile(result.profile.encodes);
  return result;
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
  Request sized = request;
  if (sized.width == 0) sized.width = default_width();
  if (sized.height == 0) sized.height = default_height();
  check_request(sized);
  if (sized.noise_source == NoiseSource::cuda && device() == "cpu" && !sized.initial_noise) {
    throw Error(ErrorKind::usage, "noise source cuda: the model runs on the CPU");
  }
  const std::int64_t channels = impl_->checkpoint().transformer_config().in_channels;
  if (sized.initial_noise && sized.initial_noise->channels != channels) {
    throw Error(ErrorKind::usage, "initial noise " + std::to_string(sized.initial_noise->channels) +
                                      " channels: the model has " + std::to_string(channels));
  }
  Result result;
  with_translated_failures([&] { result = impl_->generate(sized, progress); });
  return result;
}

void Pipeline::generate_window(std::span<const Request> requests, const OutcomeCallback& on_image,
                               const ProgressCallback& progress) {
  const int images = static_cast<int>(requests.size());
  for (int i = 0; i < images; ++i) {
    const auto of_window = [&](Progress state) {
      state.image = i + 1;
      state.images = images;
      return !progress || progress(state);
    };
    Outcome outcome;
    try {
      outcome.result = generate(requests[static_cast<std::size_t>(i)], of_window);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage && error.kind() != ErrorKind::numeric) throw;
      outcome.error = error;
    }
    on_image(static_cast<std::size_t>(i), std::move(outcome));
  }
}

int Pipeline::window_images(const Request& /*request*/) const { return 1; }

std::vector<MemorySample> Pipeline::memory_samples() const { return impl_->memory_samples(); }
const std::string& Pipeline::device() const { return impl_->device(); }
const std::string& Pipeline::dtype() const { return impl_->dtype(); }
const std::string& Pipeline::attention() const { return impl_->attention(); }
int Pipeline::default_width() const { return impl_->default_size(); }
int Pipeline::default_height() const { return impl_->default_size(); }
const std::vector<std::string>& Pipeline::warnings() const { return impl_->warnings(); }

}  // namespace zimage
