// What a load that stops leaves to whoever waits for its models.
#include "pipeline/model_load.h"

#include "checkpoint/units.h"
#include "support/arenas.h"
#include "support/expect_error.h"
#include "support/fixture.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

std::future<std::unique_ptr<WeightReader>> on_the_cpu() {
  return std::async(std::launch::async, [] { return std::make_unique<WeightReader>(at::kCPU); });
}

class ModelLoadOf : public testing::Test {
 protected:
  ModelLoadOf() {
    std::filesystem::copy(test::fixture_case("odd_guided_2_steps").checkpoint_dir(), dir_.path() / "model",
                          std::filesystem::copy_options::recursive);
  }
  std::filesystem::path model_dir() const { return dir_.path() / "model"; }

 private:
  test::TempDir dir_;
};

TEST_F(ModelLoadOf, a_transformer_that_shrinks_fails_where_it_is_waited_for) {
  const Checkpoint checkpoint(model_dir());
  std::filesystem::resize_file(model_dir() / "transformer/diffusion_pytorch_model-00003-of-00005.safetensors", 100'000);
  const ModelLoad load(checkpoint, {.placement = {.device = "cpu"}}, on_the_cpu());
  EXPECT_NO_THROW(load.text_encoder({}));
  EXPECT_NO_THROW(load.vae_decoder({}));
  for (int again = 0; again < 2; ++again) {
    try {
      load.transformer({});
      FAIL() << "a truncated file was loaded";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
    }
  }
}

TEST_F(ModelLoadOf, R15_files_replaced_after_they_were_checked_are_read_as_they_were) {
  const std::vector<std::int32_t> ids{1, 2, 3};
  const Checkpoint untouched(test::fixture_case("odd_guided_2_steps").checkpoint_dir());
  const ModelLoad expected(untouched, {.placement = {.device = "cpu"}}, on_the_cpu());
  const Checkpoint checkpoint(model_dir());
  int replaced = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(model_dir())) {
    if (entry.path().extension() != ".safetensors") continue;
    std::ofstream(model_dir() / "other") << "something else";
    std::filesystem::rename(model_dir() / "other", entry.path());
    ++replaced;
  }
  ASSERT_GT(replaced, 2);
  const ModelLoad load(checkpoint, {.placement = {.device = "cpu"}}, on_the_cpu());
  EXPECT_TRUE(at::equal(load.text_encoder({}).forward(ids), expected.text_encoder({}).forward(ids)));
  EXPECT_NO_THROW(load.transformer({}));
  EXPECT_NO_THROW(load.vae_decoder({}));
}

TEST_F(ModelLoadOf, with_streamed_weights_all_models_are_there_at_once) {
  const Checkpoint checkpoint(model_dir());
  ModelPlan plan;
  plan.placement.device = "cpu";
  plan.memory.arena = test::two_slots(units_of(checkpoint, {DType::f32, DType::f32}), 1);
  plan.memory.host.weight_bytes = 1 << 30;
  const ModelLoad load(checkpoint, plan, on_the_cpu());
  const at::Tensor streamed = load.text_encoder({}).forward({1, 2, 3});
  EXPECT_TRUE(load.is_complete());
  EXPECT_GT(load.host_weights().pageable_bytes(), 0);
  const TextEncoder resident(checkpoint.text_encoder_config(), checkpoint.text_encoder(), at::kCPU, at::kFloat);
  EXPECT_TRUE(at::equal(streamed, resident.forward({1, 2, 3})));
}

TEST_F(ModelLoadOf, a_device_that_does_not_come_up_fails_every_model) {
  const Checkpoint checkpoint(model_dir());
  std::promise<std::unique_ptr<WeightReader>> reader;
  reader.set_exception(std::make_exception_ptr(Error(ErrorKind::device, "no device")));
  const ModelLoad load(checkpoint, {.placement = {.device = "cpu"}}, reader.get_future());
  EXPECT_THROW(load.text_encoder({}), Error);
  EXPECT_THROW(load.vae_decoder({}), Error);
  EXPECT_THROW(load.transformer({}), Error);
}

TEST_F(ModelLoadOf, waiting_reports_and_can_be_cancelled) {
  const Checkpoint checkpoint(model_dir());
  std::promise<std::unique_ptr<WeightReader>> reader;
  const ModelLoad load(checkpoint, {.placement = {.device = "cpu"}}, reader.get_future());
  int reports = 0;
  const ProgressCallback twice = [&](const Progress& progress) {
    EXPECT_EQ(progress.stage, Stage::load);
    EXPECT_EQ(progress.step, 0);
    return ++reports < 2;
  };
  EXPECT_THROW(load.transformer(twice), Cancelled);
  EXPECT_EQ(reports, 2);
  reader.set_value(std::make_unique<WeightReader>(at::kCPU));
  EXPECT_NO_THROW(load.transformer({}));
}

}  // namespace
}  // namespace zimage
