#include "pipeline/denoise.h"

#include "zimage/error.h"

#include "sampling/flow_match_euler.h"

namespace zimage {
namespace {

Branch prepare(const Transformer& transformer, const at::Tensor& prompt_embeds, const at::Tensor& noise) {
  const CaptionContext caption = transformer.prepare_caption(prompt_embeds);
  return {caption, transformer.prepare_positions(noise.size(1), noise.size(2), caption)};
}

std::int64_t joint_tokens(const Branch& branch) {
  return branch.positions.joint.cos.defined() ? branch.positions.joint.cos.size(0) : 0;
}

RunKind kind_of(const DenoiseState& state, const DenoiseInput& input) {
  return {.latent_shape = state.latents.sizes().vec(),
          .tokens = joint_tokens(state.conditional),
          .negative_tokens = joint_tokens(state.unconditional),
          .guidance = input.guidance,
          .sigmas = input.sigmas};
}

void append(Visits& visits, const Visits& more) { visits.insert(visits.end(), more.begin(), more.end()); }

}  // namespace

Visits denoise_visits(const Transformer& transformer, const Guidance& guidance, const std::vector<float>& sigmas) {
  const Visits caption = transformer.caption_visits(), evaluation = transformer.evaluation_visits();
  Visits visits = transformer.schedule_visits({sigmas.begin(), sigmas.end() - 1});
  append(visits, caption);
  if (guidance.scale > 0) append(visits, caption);
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    append(visits, evaluation);
    if (is_guided(guidance, sigmas[i])) append(visits, evaluation);
  }
  return visits;
}

at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, RecordedSteps& steps,
                   const StepCallback& on_step) {
  const std::vector<float>& sigmas = input.sigmas;
  const Guidance& guidance = input.guidance;
  const std::vector<StepNorms>& norms = transformer.prepare_steps({sigmas.begin(), sigmas.end() - 1});
  DenoiseState start{input.noise.clone(), prepare(transformer, input.prompt_embeds, input.noise), {}};
  if (guidance.scale > 0) start.unconditional = prepare(transformer, input.negative_prompt_embeds, input.noise);

  steps.begin(kind_of(start, input), start, [&](const DenoiseState& state, std::size_t i) {
    const auto evaluate = [&](const Branch& b) {
      return transformer.forward(state.latents, norms[i], b.caption, b.positions);
    };
    at::Tensor output = evaluate(state.conditional);
    if (is_guided(guidance, sigmas[i])) output = guide(output, evaluate(state.unconditional), guidance);
    euler_step_(state.latents, output, sigmas[i], sigmas[i + 1]);
  });
  for (std::size_t i = 0; i < norms.size(); ++i) {
    on_step(static_cast<int>(i), steps.latents());
    steps.step(i);
  }
  const at::Tensor latents = steps.finish();
  if (!latents.isfinite().all().item<bool>()) {
    throw Error(ErrorKind::numeric, "denoise: the final latents are not finite (NaN or infinite weights or overflow)");
  }
  on_step(static_cast<int>(norms.size()), latents);
  return latents;
}

at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, const StepCallback& on_step) {
  RecordedSteps steps(Recording::never);
  return denoise(transformer, input, steps, on_step);
}

}  // namespace zimage
