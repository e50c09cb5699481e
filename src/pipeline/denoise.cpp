#include "pipeline/denoise.h"

#include "sampling/flow_match_euler.h"

namespace zimage {
namespace {

Branch prepare(const Transformer& transformer, const std::vector<at::Tensor>& prompt_embeds, const at::Tensor& noise) {
  const CaptionContext captions = transformer.prepare_captions(prompt_embeds);
  return {captions, transformer.prepare_positions(noise.size(2), noise.size(3), captions)};
}

RunKind kind_of(const DenoiseState& state, const DenoiseInput& input) {
  return {.latent_shape = state.latents.sizes().vec(),
          .tokens = state.conditional.positions.joint.lengths,
          .negative_tokens = state.unconditional.positions.joint.lengths,
          .guidance = input.guidance,
          .sigmas = input.sigmas};
}

void append(Visits& visits, const Visits& more) { visits.insert(visits.end(), more.begin(), more.end()); }

}  // namespace

std::vector<float> evaluated(const std::vector<float>& sigmas) { return {sigmas.begin(), sigmas.end() - 1}; }

Visits denoise_visits(const Transformer& transformer, const Guidance& guidance, const std::vector<float>& sigmas,
                      const std::vector<float>& before) {
  const Visits caption = transformer.caption_visits(), evaluation = transformer.evaluation_visits();
  Visits visits = transformer.schedule_visits(evaluated(sigmas), before);
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
  const std::vector<StepNorms>& norms = transformer.prepare_steps(evaluated(sigmas));
  DenoiseState start{input.noise.clone(), prepare(transformer, input.prompt_embeds, input.noise), {}};
  if (guidance.scale > 0) start.unconditional = prepare(transformer, input.negative_prompt_embeds, input.noise);

  steps.begin(kind_of(start, input), start, [&](const DenoiseState& state, std::size_t i) {
    const auto evaluate = [&](const Branch& b) {
      return transformer.forward(state.latents, norms[i], b.captions, b.positions);
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
  on_step(static_cast<int>(norms.size()), latents);
  return latents;
}

at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, const StepCallback& on_step) {
  RecordedSteps steps(Recording::never);
  return denoise(transformer, input, steps, on_step);
}

}  // namespace zimage
