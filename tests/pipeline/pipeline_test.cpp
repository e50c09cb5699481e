// The whole path against diffusers' ZImagePipeline: latents after every step, and pixels.
#include "zimage/pipeline.h"

#include "zimage/error.h"

#include "models/text_encoder/text_encoder.h"
#include "models/vae/decoder.h"
#include "pipeline/denoise.h"
#include "sampling/flow_match_euler.h"
#include "sampling/noise.h"
#include "support/devices.h"
#include "support/expect_error.h"
#include "support/fixture.h"
#include "text/tokenizer.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using test::relative_error;

class PipelineParity : public testing::TestWithParam<test::FixtureCase> {
 protected:
  PipelineParity() : fixture_(test::fixture_tensors(GetParam().name)) {}
  PipelineOptions options() const {
    return {.model_dir = GetParam().checkpoint_dir(), .device = "cpu", .dtype = "fp32"};
  }
  std::map<std::string, at::Tensor> fixture_;
};

TEST_P(PipelineParity, token_ids) {
  const Tokenizer tokenizer(GetParam().checkpoint_dir() + "/tokenizer");
  const std::vector<std::int32_t> ids = tokenizer.encode_prompt(GetParam().request.prompt).ids;
  EXPECT_TRUE(at::equal(at::tensor(ids, at::kInt), fixture_.at("ids")));
}

TEST_P(PipelineParity, noise_is_torch_cpu_generator) {
  const at::Tensor& expected = fixture_.at("noise");
  EXPECT_TRUE(
      at::equal(initial_noise(expected.sizes(), GetParam().request.seed, NoiseSource::cpu, at::kCPU), expected));
}

TEST_P(PipelineParity, latents_and_pixels) {
  Pipeline pipeline(options());
  const Result result = pipeline.generate(GetParam().request);
  const at::Tensor& expected = fixture_.at("latents_" + std::to_string(GetParam().evaluations));
  EXPECT_LE(relative_error(to_tensor(result.latents, at::kCPU), expected), 1e-4);

  const at::Tensor& pixels = fixture_.at("pixels");
  ASSERT_EQ(result.image.height, pixels.size(0));
  ASSERT_EQ(result.image.width, pixels.size(1));
  const at::Tensor ours = at::tensor(result.image.rgb, at::kByte).view(pixels.sizes());
  const at::Tensor off = (ours.to(at::kInt) - pixels.to(at::kInt)).abs();
  EXPECT_LE(off.max().item<int>(), 1);
  EXPECT_GE((off == 0).to(at::kFloat).mean().item<double>(), 0.999);
}

TEST_P(PipelineParity, the_same_prompt_is_not_encoded_twice) {
  Pipeline pipeline(options());
  Request request = GetParam().request;
  const int prompts = request.guidance_scale > 0 ? 2 : 1;
  const Result first = pipeline.generate(request);
  EXPECT_EQ(first.profile.encodes, prompts);
  const Result second = pipeline.generate(request);
  EXPECT_EQ(second.profile.encodes, 0);
  EXPECT_EQ(second.image.rgb, first.image.rgb);
  request.prompt += ", at night";
  const Result third = pipeline.generate(request);
  EXPECT_EQ(third.profile.encodes, 1);
  EXPECT_NE(third.latents.values, first.latents.values);
}

TEST_P(PipelineParity, latents_on_cuda) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  PipelineOptions on_gpu = options();
  on_gpu.device = "cuda:0";
  const at::Tensor& expected = fixture_.at("latents_" + std::to_string(GetParam().evaluations));
  const auto error = [&](const char* dtype) {
    on_gpu.dtype = dtype;
    return relative_error(to_tensor(Pipeline(on_gpu).generate(GetParam().request).latents, at::kCPU), expected);
  };
  EXPECT_LE(error("fp32"), 1e-4);
  const double bf16 = error("bf16");
  EXPECT_LE(bf16, 5e-2);
  EXPECT_LE(error("fp16"), bf16);
}

TEST_P(PipelineParity, latents_after_every_step) {
  const c10::InferenceMode inference;
  const Checkpoint checkpoint(GetParam().checkpoint_dir());
  const Request& request = GetParam().request;
  const Tokenizer tokenizer(find_tokenizer(GetParam().checkpoint_dir(), {}));
  const TextEncoder encoder(checkpoint.text_encoder_config(), checkpoint.text_encoder(), at::kCPU, at::kFloat);
  const Transformer transformer(checkpoint.transformer_config(), checkpoint.transformer(),
                                transformer_load_spec(at::kCPU, at::kFloat));
  const DenoiseInput input{
      .noise = fixture_.at("noise").unsqueeze(0),
      .prompt_embeds = {encoder.forward(tokenizer.encode_prompt(request.prompt).ids)},
      .negative_prompt_embeds = {encoder.forward(tokenizer.encode_prompt(request.negative_prompt).ids)},
      .guidance = {request.guidance_scale, request.cfg_normalization, request.cfg_truncation},
      .sigmas = flow_match_sigmas(GetParam().evaluations, checkpoint.scheduler_config().shift)};
  int steps = 0;
  denoise(transformer, input, [&](int done, const at::Tensor& latents) {
    if (done == 0) return;
    ++steps;
    EXPECT_LE(relative_error(latents[0], fixture_.at("latents_" + std::to_string(done))), 1e-4) << "step " << done;
  });
  EXPECT_EQ(steps, GetParam().evaluations);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, PipelineParity, testing::ValuesIn(test::fixture_cases()),
                         [](const auto& info) { return info.param.name; });

// --- behaviour beyond the numbers ------------------------------------------------------------------------------------

const test::FixtureCase& small_case() {
  static const test::FixtureCase one = test::fixture_case("odd_guided_2_steps");
  return one;
}

PipelineOptions small_options() {
  return {.model_dir = small_case().checkpoint_dir(), .device = "cpu", .dtype = "fp32"};
}

TEST(Pipeline, same_request_same_pixels) {
  Pipeline pipeline(small_options());
  const Result first = pipeline.generate(small_case().request), second = pipeline.generate(small_case().request);
  EXPECT_EQ(first.image.rgb, second.image.rgb);
  EXPECT_EQ(first.latents.values, second.latents.values);
}

TEST(Pipeline, a_plan_says_what_generate_then_reports) {
  Pipeline pipeline(small_options());
  Request request = small_case().request;
  const Profile planned = pipeline.plan(request);
  const Profile drawn = pipeline.generate(request).profile;
  EXPECT_EQ(planned.plan.levers, drawn.plan.levers);
  EXPECT_EQ(planned.plan.budget_bytes, drawn.plan.budget_bytes);
  EXPECT_EQ(planned.plan.rung, drawn.plan.rung);
  EXPECT_EQ(planned.decode.predicted.peak_bytes, drawn.decode.predicted.peak_bytes);
  EXPECT_GT(planned.decode.predicted.peak_bytes, 0);

  Request larger = request;
  larger.width = larger.height = 256;
  EXPECT_GT(pipeline.plan(larger).decode.predicted.peak_bytes, planned.decode.predicted.peak_bytes);
  request.width = 17;
  test::expect_error(ErrorKind::usage, {"width"}, [&] { pipeline.plan(request); });
}

TEST(Pipeline, another_schedule_after_the_first) {
  Pipeline used(small_options()), fresh(small_options());
  Request request = small_case().request;
  used.generate(request);
  request.steps = 3;
  EXPECT_EQ(used.generate(request).latents.values, fresh.generate(request).latents.values);
}

TEST(Pipeline, given_noise_replaces_the_seed) {
  Pipeline pipeline(small_options());
  Request request = small_case().request;
  const Result seeded = pipeline.generate(request);
  request.initial_noise =
      to_latents(initial_noise({16, request.height / 8, request.width / 8}, request.seed, NoiseSource::cpu, at::kCPU));
  request.seed += 1;
  EXPECT_EQ(pipeline.generate(request).latents.values, seeded.latents.values);
}

TEST(Pipeline, progress_false_cancels) {
  Pipeline pipeline(small_options());
  EXPECT_THROW(pipeline.generate(small_case().request, [](const Progress& p) { return p.stage != Stage::denoise; }),
               Cancelled);
}

TEST(Pipeline, sixteen_bit_types_stay_near_float32) {
  Request request = small_case().request;
  request.guidance_scale = 0;
  const auto latents = [&](const char* dtype) {
    PipelineOptions options = small_options();
    options.dtype = dtype;
    return to_tensor(Pipeline(options).generate(request).latents, at::kCPU);
  };
  const at::Tensor exact = latents("fp32");
  const double bf16 = relative_error(latents("bf16"), exact), fp16 = relative_error(latents("fp16"), exact);
  EXPECT_LT(bf16, 2e-2);
  EXPECT_LT(fp16, bf16);  // three more bits of mantissa
}

TEST(Pipeline, wrong_requests_name_the_field) {
  Pipeline pipeline(small_options());
  const auto message_of = [&](Request request) -> std::string {
    try {
      pipeline.generate(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
    return "";
  };
  Request request = small_case().request;
  request.width = 1000;
  EXPECT_NE(message_of(request).find("width 1000"), std::string::npos);
  request = small_case().request;
  request.steps = 1;
  EXPECT_NE(message_of(request).find("steps 1"), std::string::npos);
  request = small_case().request;
  request.guidance_scale = std::nan("");
  EXPECT_NE(message_of(request).find("guidance scale"), std::string::npos);
}

}  // namespace
}  // namespace zimage
