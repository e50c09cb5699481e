#include "zimage/pipeline.h"

#include "zimage/error.h"

#include "base/log.h"
#include "pipeline/denoise.h"
#include "pipeline/failures.h"
#include "pipeline/model_load.h"
#include "pipeline/placement.h"
#include "pipeline/profiler.h"
#include "pipeline/prompt_cache.h"
#include "pipeline/rehearsal.h"
#include "runtime/device.h"
#include "runtime/device_memory.h"
#include "sampling/flow_match_euler.h"
#include "sampling/noise.h"
#include "text/tokenizer.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <cmath>
#include <optional>

namespace zimage {
namespace {

static_assert(TextEncoder::kMaxTokens >= Tokenizer::kMaxTokens);

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

// bytes: [H, W, 3] on the host.
Image to_image(const at::Tensor& bytes) {
  Image image{static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)), {}};
  image.rgb.assign(bytes.const_data_ptr<std::uint8_t>(), bytes.const_data_ptr<std::uint8_t>() + bytes.numel());
  return image;
}

}  // namespace

class Pipeline::Impl {
 public:
  explicit Impl(const PipelineOptions& options)
      : reader_(start_reader(resolve_device(options.device))),
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
    load_.emplace(checkpoint_, ModelPlan{placement_, attention_.asked, {}}, std::move(reader_));
  }

  Result generate(const Request& request, const ProgressCallback& progress);

  const Checkpoint& checkpoint() const { return checkpoint_; }
  const std::string& device() const { return placement_.device; }
  const std::string& dtype() const { return dtype_; }
  const std::string& attention() const { return attention_name_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // Waits for all weights.
  LoadProfile load(const ProgressCallback& progress) const;
  int default_size() const { return static_cast<int>(checkpoint_.vae_config().sample_size); }

 private:
  using TokenIds = std::vector<std::int32_t>;

  // Appends to the result's warnings.
  TokenIds tokenize(const std::string& prompt, const Request& request, Result& result) const;
  // Embeddings of one prompt, [L, hidden].
  at::Tensor encode(const TokenIds& ids, Result& result);
  // What an image of these prompts is going to use. Waits for all weights.
  Visits visits(const std::vector<TokenIds>& prompts, const Guidance& guidance, const std::vector<float>& sigmas) const;

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::future<std::unique_ptr<WeightReader>> reader_;  // before the rest: the device comes up while the folder is read
  Checkpoint checkpoint_;
  Tokenizer tokenizer_;
  Placement placement_;
  std::string dtype_;
  AttentionPlacement attention_;
  std::string attention_name_;
  std::vector<std::string> warnings_;
  std::optional<ModelLoad> load_;
  PromptCache prompts_;
};

LoadProfile Pipeline::Impl::load(const ProgressCallback& progress) const {
  load_->transformer(progress);
  const std::chrono::duration<double> taken = load_->end() - start_;
  return {taken.count(), take_allocator_peak(at::Device(placement_.device))};
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
    return load_->text_encoder({}).forward(ids);
  });
}

Visits Pipeline::Impl::visits(const std::vector<TokenIds>& prompts, const Guidance& guidance,
                              const std::vector<float>& sigmas) const {
  Visits visits;
  const auto append = [&](const Visits& more) { visits.insert(visits.end(), more.begin(), more.end()); };
  for (const TokenIds& prompt : prompts) {
    if (!prompts_.contains(prompt)) append(load_->text_encoder({}).visits());
  }
  append(denoise_visits(load_->transformer({}), guidance, sigmas));
  append(load_->vae_decoder({}).visits());
  return visits;
}

Result Pipeline::Impl::generate(const Request& request, const ProgressCallback& progress) {
  const c10::InferenceMode inference;
  const at::Device device(placement_.device);
  const std::vector<float> sigmas = flow_match_sigmas(request.steps - 1, checkpoint_.scheduler_config().shift);
  Result result;

  const std::vector<std::int64_t> latent_shape{checkpoint_.transformer_config().in_channels, request.height / 8,
                                               request.width / 8};
  load_->text_encoder(progress);
  DenoiseInput input{.guidance = {request.guidance_scale, request.cfg_normalization, request.cfg_truncation},
                     .sigmas = sigmas};
  std::vector<TokenIds> prompts;  // in the order in which they are encoded
  if (request.guidance_scale > 0) prompts.push_back(tokenize(request.negative_prompt, request, result));
  prompts.push_back(tokenize(request.prompt, request, result));
  const std::future<void> rehearsal = rehearse_decode(*load_, device, latent_shape);
  Profiler profiler(device);
  if (load_->is_complete()) load_->expect(visits(prompts, input.guidance, sigmas));  // else all weights stay
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

  log::milestone("prompt encoded");
  const VaeDecoder& vae_decoder = load_->vae_decoder(progress);
  const Transformer& transformer = load_->transformer(progress);
  profiler.begin_denoise();
  input.noise = noise.get().to(device);
  const int evaluations = request.steps - 1;
  const at::Tensor latents = denoise(transformer, input, [&](int done, const at::Tensor&) {
    profiler.step();
    if (done < evaluations) report(progress, {Stage::denoise, done + 1, evaluations});
  });
  result.latents = to_latents(latents);
  log::milestone("denoised");

  profiler.begin_decode();
  report(progress, {Stage::decode, 1, 1});
  result.image = to_image(vae_decoder.decode(latents));
  profiler.end();
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

const std::string& Pipeline::device() const { return impl_->device(); }
const std::string& Pipeline::dtype() const { return impl_->dtype(); }
const std::string& Pipeline::attention() const { return impl_->attention(); }
int Pipeline::default_width() const { return impl_->default_size(); }
int Pipeline::default_height() const { return impl_->default_size(); }
const std::vector<std::string>& Pipeline::warnings() const { return impl_->warnings(); }

}  // namespace zimage
