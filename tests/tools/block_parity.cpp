// zimage_block_parity MODEL BLOCKS.safetensors DEVICE DTYPE
//
// Runs every block, the prompt's embedding and a short schedule on the inputs that scripts/compare_with_diffusers.py
// recorded from the reference in float32, and prints one JSON object: relative error (‖a − b‖ / ‖b‖) by name.
#include "models/text_encoder/text_encoder.h"
#include "models/vae/decoder.h"
#include "pipeline/denoise.h"
#include "runtime/scalar_type.h"
#include "sampling/flow_match_euler.h"
#include "support/fixture.h"

#include <c10/core/InferenceMode.h>

#include <cstdio>

namespace zimage {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

struct Setting {
  at::Device device;
  at::ScalarType dtype;
};

class Report {
 public:
  void add(const std::string& name, const at::Tensor& ours, const at::Tensor& reference) {
    std::printf("%s\n  \"%s\": %.6e", first_ ? "{" : ",", name.c_str(), test::relative_error(ours, reference));
    first_ = false;
  }
  void end() const { std::printf("\n}\n"); }

 private:
  bool first_ = true;
};

void compare_text_encoder(const Checkpoint& checkpoint, const Tensors& reference, const Setting& s, Report& report) {
  const at::Tensor ids = reference.at("ids");
  const std::vector<std::int32_t> list(ids.const_data_ptr<std::int32_t>(),
                                       ids.const_data_ptr<std::int32_t>() + ids.numel());
  const TextEncoder encoder(checkpoint.text_encoder_config(), checkpoint.text_encoder(), s.device, s.dtype);
  report.add("prompt_embeds", encoder.forward(list), reference.at("prompt_embeds"));
}

void compare_blocks(const Checkpoint& checkpoint, const Tensors& reference, const Setting& s, Report& report) {
  const TransformerConfig& config = checkpoint.transformer_config();
  const WeightStore weights(checkpoint.transformer(), transformer_load_spec(s.device, s.dtype));
  const ParamView params(weights);
  const at::Tensor& noise = reference.at("noise");
  const int evaluations = static_cast<int>(reference.at("sigmas").numel());
  const float sigma = flow_match_sigmas(evaluations, checkpoint.scheduler_config().shift)[0];
  const StepNorms step = step_norms(params, config, {sigma})[0];
  const std::int64_t caption = reference.at("transformer.context_refiner.0.in").size(0);
  const TokenGrid grid{noise.size(1) / config.patch_size, noise.size(2) / config.patch_size, caption};
  const kernels::RopeTable image = image_rope(grid, config, s.device), text = caption_rope(caption, config, s.device);
  const kernels::RopeTable joint = joint_rope(image, text);
  const auto input = [&](const std::string& name) {
    return reference.at("transformer." + name + ".in").to(s.device).clone();
  };
  const auto compare = [&](const std::string& name, const at::Tensor& x) {
    report.add(name, x, reference.at("transformer." + name + ".out"));
  };
  const auto run = [&](const std::string& stack, std::size_t i, const BlockNorms& norms,
                       const kernels::RopeTable& rope) {
    const std::string name = stack + "." + std::to_string(i);
    const at::Tensor x = input(name);
    run_block_(x, sequences_of({rope}), params.sub(name), norms, config);
    compare(name, x);
  };
  for (std::size_t i = 0; i < step.noise_refiner.size(); ++i) {
    run("noise_refiner", i, step.noise_refiner[i], image);
    run("context_refiner", i, plain_norms(params.sub("context_refiner." + std::to_string(i))), text);
  }
  for (std::size_t i = 0; i < step.layers.size(); ++i) run("layers", i, step.layers[i], joint);
}

void compare_latents(const Checkpoint& checkpoint, const Tensors& reference, const Setting& s, Report& report) {
  const Transformer transformer(checkpoint.transformer_config(), checkpoint.transformer(),
                                transformer_load_spec(s.device, s.dtype));
  const int evaluations = static_cast<int>(reference.at("sigmas").numel());
  DenoiseInput input;
  input.noise = reference.at("noise").unsqueeze(0).to(s.device);
  input.prompt_embeds = {reference.at("prompt_embeds").to(s.device)};
  input.sigmas = flow_match_sigmas(evaluations, checkpoint.scheduler_config().shift);
  report.add("latents", denoise(transformer, input, [](int, const at::Tensor&) {})[0], reference.at("latents"));
}

void compare_pixels(const Checkpoint& checkpoint, const Tensors& reference, const Setting& s, Report& report) {
  const at::ScalarType dtype = s.dtype == at::kHalf ? at::kBFloat16 : s.dtype;
  const VaeDecoder decoder(checkpoint.vae_config(), checkpoint.vae(), s.device, dtype);
  report.add("pixels", decoder.forward(reference.at("latents").to(s.device)), reference.at("pixels"));
}

int run(const char* model, const char* recorded, const Setting& setting) {
  const c10::InferenceMode inference;
  at::globalContext().setAllowTF32CuDNN(false);
  const Checkpoint checkpoint(model);
  const Tensors reference = test::load_tensors(recorded);
  Report report;
  compare_text_encoder(checkpoint, reference, setting, report);
  compare_blocks(checkpoint, reference, setting, report);
  compare_latents(checkpoint, reference, setting, report);
  compare_pixels(checkpoint, reference, setting, report);
  report.end();
  return 0;
}

}  // namespace
}  // namespace zimage

int main(int argc, char** argv) {
  const std::optional<zimage::DType> dtype = argc == 5 ? zimage::dtype_from_option(argv[4]) : std::nullopt;
  if (!dtype) {
    std::fprintf(stderr, "usage: zimage_block_parity MODEL BLOCKS.safetensors cpu|cuda:N fp16|bf16|fp32\n");
    return 2;
  }
  return zimage::run(argv[1], argv[2], {at::Device(argv[3]), zimage::scalar_type(*dtype)});
}
