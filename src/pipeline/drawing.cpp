#include "pipeline/drawing.h"

#include "zimage/error.h"

#include "base/log.h"
#include "pipeline/plan_profile.h"
#include "pipeline/rehearsal.h"
#include "plan/tokens.h"
#include "runtime/host_memory.h"
#include "sampling/flow_match_euler.h"
#include "sampling/noise.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace zimage {
namespace {

constexpr std::size_t kPassTokens = plan::kPassTokens;

plan::ImageShape shape_of(const Item& item, std::int64_t batch) {
  const Request& r = item.request;
  const bool guided = r.guidance_scale > 0;
  return {.width = r.width,
          .height = r.height,
          .prompt_tokens = static_cast<std::int64_t>(std::max(item.prompt.size(), item.negative_prompt.size())),
          .evaluations = (r.steps - 1) * (guided ? 2 : 1),
          .guided = guided,
          .batch = batch};
}

std::vector<std::int64_t> latent_shape(const Item& item, const Checkpoint& checkpoint) {
  return {checkpoint.transformer_config().in_channels, item.request.height / 8, item.request.width / 8};
}

// Each once, in the order in which they are asked for.
std::vector<std::vector<std::int32_t>> prompts_of(const std::vector<Group>& groups) {
  std::vector<std::vector<std::int32_t>> prompts;
  const auto add = [&](const std::vector<std::int32_t>& ids) {
    if (std::find(prompts.begin(), prompts.end(), ids) == prompts.end()) prompts.push_back(ids);
  };
  for (const Group& group : groups) {
    for (const Item* item : group) {
      if (item->request.guidance_scale > 0) add(item->negative_prompt);
      add(item->prompt);
    }
  }
  return prompts;
}

std::vector<float> sigmas_of(const Group& group, const Checkpoint& checkpoint) {
  return flow_match_sigmas(group.front()->request.steps - 1, checkpoint.scheduler_config().shift);
}

Guidance guidance_of(const Group& group) {
  const Request& request = group.front()->request;
  return {request.guidance_scale, request.cfg_normalization, request.cfg_truncation};
}

// Of [B, C, H, W], for each of B.
std::vector<bool> are_finite(const at::Tensor& latents) {
  const at::Tensor finite = latents.isfinite().flatten(1).all(1).cpu();
  return std::vector<bool>(finite.const_data_ptr<bool>(), finite.const_data_ptr<bool>() + finite.numel());
}

bool wants_step_images(const Group& group) {
  return std::any_of(group.begin(), group.end(), [](const Item* item) { return item->request.step_images; });
}

// The last step's estimate is the image itself.
int decodes_of(const Item& item) { return item.request.step_images ? item.request.steps - 1 : 1; }

// Of [B, C, H, W] each, image i.
std::vector<at::Tensor> of_image(const std::vector<at::Tensor>& steps, std::size_t i) {
  std::vector<at::Tensor> own;
  for (const at::Tensor& step : steps) own.push_back(step[static_cast<std::int64_t>(i)]);
  return own;
}

// bytes: [H, W, 3] on the host.
Image to_image(const at::Tensor& bytes) {
  Image image{static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)), {}};
  image.rgb.assign(bytes.const_data_ptr<std::uint8_t>(), bytes.const_data_ptr<std::uint8_t>() + bytes.numel());
  return image;
}

}  // namespace

Drawing::Drawing(Studio& studio, Window& window)
    : studio_(studio), window_(window), groups_(window.groups(studio.models.plan().batch)) {
  const std::vector<TokenIds> prompts = prompts_of(groups_);
  studio_.prompts.expect(prompts);
  std::size_t tokens = kPassTokens;
  for (const TokenIds& ids : prompts) {
    if (studio_.prompts.contains(ids)) continue;
    tokens += ids.size();
    if (tokens > kPassTokens) {
      passes_.emplace_back();
      tokens = ids.size();
    }
    passes_.back().push_back(ids);
    ++profile_.encodes;
  }
  for (const Group& group : groups_) images_ += static_cast<int>(group.size());
  profile_.window = images_;
}

void Drawing::run() {
  if (groups_.empty()) return;
  const c10::InferenceMode inference;
  ModelLoad& load = studio_.models.load();
  load.text_encoder(window_.progress());
  const std::future<void> rehearsal =
      rehearse_decode(load, studio_.device, latent_shape(*groups_.front().front(), studio_.checkpoint));
  profile_.plan = plan_profile(
      {.plan = &studio_.models.plan(), .rung = studio_.models.rung() + 1, .retries = studio_.models.rung()});
  if (!passes_.empty()) entered_ = load.text_encoder({}).enter(passes_.front());
  if (load.is_complete()) {  // else all weights stay
    load.take_laps();
    load.expect(visits());
  }
  draw_groups();
}

void Drawing::draw_groups() {
  std::future<std::vector<at::Tensor>> noise = make_noise(groups_.front());
  encode();
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    clear_memory_when_due(studio_, groups_[i].size());
    const std::vector<at::Tensor> made = noise.get();
    if (i + 1 < groups_.size()) noise = make_noise(groups_[i + 1]);
    draw(groups_[i], made);
  }
}

Visits Drawing::visits() const {
  ModelLoad& load = studio_.models.load();
  const Transformer& transformer = load.transformer({});
  Visits visits;
  const auto append = [&](const Visits& more) { visits.insert(visits.end(), more.begin(), more.end()); };
  for (std::size_t i = 0; i < passes_.size(); ++i) append(load.text_encoder({}).visits());
  std::vector<float> before = transformer.prepared_sigmas();
  for (const Group& group : groups_) {
    const std::vector<float> sigmas = sigmas_of(group, studio_.checkpoint);
    append(denoise_visits(transformer, guidance_of(group), sigmas, before));
    before = evaluated(sigmas);
    for (const Item* item : group) {
      for (int i = 0; i < decodes_of(*item); ++i) append(load.vae_decoder({}).visits());
    }
  }
  return visits;
}

std::future<std::vector<at::Tensor>> Drawing::make_noise(const Group& group) const {
  return std::async(std::launch::async, [this, group] {
    const c10::InferenceMode inference;
    std::vector<at::Tensor> noise;
    for (const Item* item : group) {
      const Request& request = item->request;
      // It goes to the device later: a copy from here would stand in the encoder's way.
      const at::Device device = request.noise_source == NoiseSource::cpu ? at::Device(at::kCPU) : studio_.device;
      noise.push_back(request.initial_noise ? to_tensor(*request.initial_noise, device)
                                            : initial_noise(latent_shape(*item, studio_.checkpoint), request.seed,
                                                            request.noise_source, device));
    }
    return noise;
  });
}

void Drawing::encode() {
  ModelLoad& load = studio_.models.load();
  const TextEncoder& encoder = load.text_encoder({});
  encode_recorder_.emplace(Stage::encode, studio_.device, studio_.sampler);
  const int passes = static_cast<int>(passes_.size());
  if (passes == 0) window_.report({Stage::encode, 1, 1});
  for (int i = 0; i < passes; ++i) {
    window_.report({Stage::encode, i + 1, passes});
    const std::vector<TokenIds>& prompts = passes_[static_cast<std::size_t>(i)];
    const std::vector<at::Tensor> embeds = encoder.forward_each(i == 0 ? std::move(entered_) : encoder.enter(prompts));
    for (std::size_t j = 0; j < prompts.size(); ++j) studio_.prompts.add(prompts[j], embeds[j]);
  }
  encode_recorder_->end(Stage::load);
  end_lap(Stage::encode);
  log::milestone(images_ == 1 ? "prompt encoded" : "prompts encoded");
}

DenoiseInput Drawing::input_of(const Group& group, const std::vector<at::Tensor>& noise) const {
  DenoiseInput input{.guidance = guidance_of(group), .sigmas = sigmas_of(group, studio_.checkpoint)};
  std::vector<at::Tensor> on_device;
  for (const at::Tensor& one : noise) on_device.push_back(one.to(studio_.device));
  input.noise = at::stack(on_device);
  const auto embeds_of = [&](const TokenIds& ids) { return studio_.prompts.get(ids).to(studio_.device); };
  for (const Item* item : group) {
    input.prompt_embeds.push_back(embeds_of(item->prompt));
    if (input.guidance.scale > 0) input.negative_prompt_embeds.push_back(embeds_of(item->negative_prompt));
  }
  return input;
}

void Drawing::draw(const Group& group, const std::vector<at::Tensor>& noise) {
  ModelLoad& load = studio_.models.load();
  const VaeDecoder& decoder = load.vae_decoder(window_.progress());
  const Transformer& transformer = load.transformer(window_.progress());
  denoise_recorder_.emplace(Stage::denoise, studio_.device, studio_.sampler);
  profile_.batch = static_cast<int>(group.size());
  const int evaluations = group.front()->request.steps - 1;
  std::vector<at::Tensor> steps;  // on the host, so that the plan need not know of them
  const StepCallback on_step = [&](int done, const at::Tensor& now) {
    denoise_recorder_->step();
    if (wants_step_images(group)) steps.push_back(now.to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true));
    if (done < evaluations) window_.report({Stage::denoise, done + 1, evaluations});
  };
  const at::Tensor latents = denoise(transformer, input_of(group, noise), studio_.models.steps(), on_step);
  const std::vector<bool> finite = are_finite(latents);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i]->result.latents = to_latents(latents[static_cast<std::int64_t>(i)]);
  }
  denoise_recorder_->end(Stage::decode);
  end_lap(Stage::denoise);
  log::milestone("denoised");
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (finite[i]) {
      finish(*group[i], latents[static_cast<std::int64_t>(i)], of_image(steps, i), decoder);
    } else {
      const Error failure(ErrorKind::numeric,
                          "denoise: the final latents are not finite (NaN or infinite weights or overflow)");
      window_.hand_over(*group[i], {.result = {}, .error = failure});
    }
  }
}

void Drawing::finish(Item& item, const at::Tensor& latents, const std::vector<at::Tensor>& steps,
                     const VaeDecoder& decoder) {
  window_.report({Stage::decode, 1, decodes_of(item)});
  StageRecorder recorder(Stage::decode, studio_.device, studio_.sampler);
  std::optional<Error> failure;
  try {
    item.result.image = to_image(decode(studio_, decoder, latents));
    if (item.request.step_images) decode_steps(item, steps, decoder);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::numeric) throw;
    failure = error;
  }
  recorder.end(std::nullopt);
  log::milestone("decoded");
  if (failure) return window_.hand_over(item, {.result = {}, .error = failure});
  take_times();
  Profile& profile = item.result.profile = profile_;
  const plan::Plan plan = studio_.models.plan_for(shape_of(item, profile_.batch));
  profile.encode = share_of(profile_.encode, profile_.window);
  profile.denoise = share_of(profile_.denoise, profile_.batch);
  profile.decode = recorder.profile();
  plan::Levers levers = studio_.models.plan().levers;
  levers.vae = vae_levers(studio_);
  profile.plan.pixel_levers = pixel_levers(levers);
  // Of a window's other prompts only the plan's bound is known here.
  profile.encode.predicted = prediction(profile_.window > 1 ? studio_.models.plan() : plan, Stage::encode);
  profile.denoise.predicted = prediction(plan, Stage::denoise);
  profile.decode.predicted = prediction(plan, Stage::decode);
  profile.decode.predicted.seconds *= decodes_of(item);
  profile.host = {.resident_bytes = resident_bytes(),
                  .pinned_bytes = studio_.models.load().host_weights().pinned_bytes()};
  window_.hand_over(item, {.result = std::move(item.result), .error = {}});
}

void Drawing::decode_steps(Item& item, const std::vector<at::Tensor>& steps, const VaeDecoder& decoder) {
  const std::vector<float> sigmas =
      flow_match_sigmas(item.request.steps - 1, studio_.checkpoint.scheduler_config().shift);
  std::vector<Image>& images = item.result.step_images;
  images.clear();  // of an attempt that ran out of memory
  for (std::size_t i = 0; i + 2 < steps.size(); ++i) {
    window_.report({Stage::decode, static_cast<int>(i) + 2, decodes_of(item)});
    const at::Tensor estimate = estimated_image(steps[i], steps[i + 1], sigmas[i], sigmas[i + 1]);
    images.emplace_back();
    try {
      images.back() = to_image(decode(studio_, decoder, estimate.to(studio_.device)));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numeric) throw;
      item.result.warnings.push_back("step " + std::to_string(i + 1) + ": no picture of its estimate: " + error.what());
    }
  }
  images.push_back(item.result.image);
}

void Drawing::end_lap(Stage stage) { laps_.push_back({stage, studio_.models.load().end_lap()}); }

void Drawing::take_times() {
  if (encode_recorder_) profile_.encode = encode_recorder_->profile();
  encode_recorder_.reset();
  if (denoise_recorder_) {
    profile_.denoise = denoise_recorder_->profile();
    profile_.evaluation_seconds = denoise_recorder_->step_seconds();
    for (double& seconds : profile_.evaluation_seconds) seconds /= profile_.batch;
  }
  denoise_recorder_.reset();
  if (laps_.empty()) return;
  const std::vector<TransferSeconds> seconds = studio_.models.load().take_laps();
  for (std::size_t i = 0; i < laps_.size(); ++i) {
    Transfer transfer{.bytes = laps_[i].bytes};
    if (laps_.size() == seconds.size()) {
      transfer.seconds = seconds[i].copying;
      transfer.waited_seconds = seconds[i].waiting;
    }
    (laps_[i].stage == Stage::encode ? profile_.encode : profile_.denoise).streamed = transfer;
  }
  laps_.clear();
}

}  // namespace zimage
