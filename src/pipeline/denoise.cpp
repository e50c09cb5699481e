#include "pipeline/denoise.h"

#include "zimage/error.h"

#include "sampling/flow_match_euler.h"

namespace zimage {
namespace {

// A caption with the positions of the sequence that it makes with the image.
struct Branch {
  CaptionContext caption;
  SequencePositions positions;
};

Branch prepare(const Transformer& transformer, const at::Tensor& prompt_embeds, const at::Tensor& noise) {
  const CaptionContext caption = transformer.prepare_caption(prompt_embeds);
  return {caption, transformer.prepare_positions(noise.size(1), noise.size(2), caption)};
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

at::Tensor denoise(const Transformer& transformer, const DenoiseInput& input, const StepCallback& on_step) {
  const std::vector<float>& sigmas = input.sigmas;
  const std::vector<StepNorms>& steps = transformer.prepare_steps({sigmas.begin(), sigmas.end() - 1});
  const Branch conditional = prepare(transformer, input.prompt_embeds, input.noise);
  Branch unconditional;
  if (input.guidance.scale > 0) unconditional = prepare(transformer, input.negative_prompt_embeds, input.noise);

  at::Tensor latents = input.noise;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    on_step(static_cast<int>(i), latents);
    const auto evaluate = [&](const Branch& b) {
      return transformer.forward(latents, steps[i], b.caption, b.positions);
    };
    at::Tensor output = evaluate(conditional);
    if (is_guided(input.guidance, sigmas[i])) output = guide(output, evaluate(unconditional), input.guidance);
    latents = euler_step(latents, output, sigmas[i], sigmas[i + 1]);
  }
  if (!latents.isfinite().all().item<bool>()) {
    throw Error(ErrorKind::numeric, "denoise: the final latents are not finite (NaN or infinite weights or overflow)");
  }
  on_step(static_cast<int>(steps.size()), latents);
  return latents;
}

}  // namespace zimage
