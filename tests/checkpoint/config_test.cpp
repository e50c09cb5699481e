// The catalogue's group C: one field of one configuration is wrong.
#include "checkpoint/checkpoint.h"
#include "support/checkpoint_builder.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using test::expect_error;
using test::replace_in;

constexpr const char* kText = "text_encoder/config.json";
constexpr const char* kTransformer = "transformer/config.json";
constexpr const char* kVae = "vae/config.json";
constexpr const char* kScheduler = "scheduler/scheduler_config.json";
constexpr const char* kIndex = "model_index.json";

class Config : public testing::Test {
 protected:
  // Refused for this replacement alone; the line names the file, the field and what `rule` says.
  void expect_refused(const std::string& file, const std::string& from, const std::string& to,
                      const std::vector<std::string>& rule) {
    SCOPED_TRACE(file + ": " + from + " -> " + to);
    const test::TempDir dir;
    const auto model = test::write_checkpoint(dir);
    replace_in(model / file, from, to);
    std::vector<std::string> words{file};
    words.insert(words.end(), rule.begin(), rule.end());
    expect_error(ErrorKind::model, words, [&] { Checkpoint checkpoint(model); });
  }
  std::vector<std::string> warnings_after(const std::string& file, const std::string& from, const std::string& to) {
    const test::TempDir dir;
    const auto model = test::write_checkpoint(dir);
    replace_in(model / file, from, to);
    return Checkpoint(model).warnings();
  }
};

TEST_F(Config, as_written) {
  const test::TempDir dir;
  const Checkpoint checkpoint(test::write_checkpoint(dir));
  EXPECT_TRUE(checkpoint.warnings().empty());
  EXPECT_EQ(checkpoint.text_encoder_config().num_key_value_heads, 1);
  EXPECT_EQ(checkpoint.text_encoder_config().rope_theta, 1e6);
  EXPECT_EQ(checkpoint.transformer_config().axes_lens, (std::array<std::int64_t, 3>{64, 32, 32}));
  EXPECT_EQ(checkpoint.transformer_config().head_dim(), 6);
  EXPECT_EQ(checkpoint.transformer_config().ffn_dim(), 32);
  EXPECT_EQ(checkpoint.vae_config().block_out_channels, (std::vector<std::int64_t>{2, 2, 4, 4}));
  EXPECT_EQ(checkpoint.vae_config().shift_factor, 0.1159);
  EXPECT_EQ(checkpoint.scheduler_config().shift, 3.0);
}

TEST_F(Config, C1_dimension_of_a_thousand_million) {
  expect_refused(kTransformer, "\"dim\": 12", "\"dim\": 1000000000", {"\"dim\"", "1000000000 is outside"});
  expect_refused(kText, "\"vocab_size\": 8", "\"vocab_size\": 1000000000", {"vocab_size", "outside"});
  expect_refused(kText, "\"hidden_size\": 4", "\"hidden_size\": 1000000000", {"hidden_size", "outside"});
  expect_refused(kVae, "[2, 2, 4, 4]", "[2, 2, 4, 1000000000]", {"block_out_channels", "outside"});
  expect_refused(kTransformer, "\"dim\": 12", "\"dim\": 1e9", {"\"dim\"", "integer"});
  expect_refused(kTransformer, "\"dim\": 12", "\"dim\": 18446744073709551615", {"\"dim\"", "integer"});
}

TEST_F(Config, C2_zero_and_negative) {
  for (const char* value : {"0", "-1"}) {
    const std::string text = value;
    expect_refused(kTransformer, "\"n_heads\": 2", "\"n_heads\": " + text, {"n_heads", text + " is outside"});
    expect_refused(kTransformer, "\"n_layers\": 1", "\"n_layers\": " + text, {"n_layers", "outside"});
    expect_refused(kTransformer, "[2, 2, 2]", "[2, 2, " + text + "]", {"axes_dims", "outside"});
    expect_refused(kText, "\"num_key_value_heads\": 1", "\"num_key_value_heads\": " + text, {"outside"});
    expect_refused(kText, "\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": " + text, {"rms_norm_eps", "outside"});
    expect_refused(kVae, "\"norm_num_groups\": 2", "\"norm_num_groups\": " + text, {"norm_num_groups", "outside"});
    expect_refused(kVae, "0.3611", text, {"scaling_factor", "outside"});
    expect_refused(kScheduler, "3.0", text, {"shift", "outside"});
  }
}

TEST_F(Config, C3_numbers_that_are_not_finite) {
  for (const char* value : {"NaN", "Infinity", "1e999", "-1e999"}) {
    expect_refused(kScheduler, "3.0", value, {"byte"});
    expect_refused(kText, "1000000.0", value, {"byte"});
  }
}

TEST_F(Config, C4_another_type_than_a_number) {
  for (const char* value : {"\"12\"", "true", "null", "[12]", "{}", "12.0"}) {
    expect_refused(kTransformer, "\"dim\": 12", "\"dim\": " + std::string(value), {"\"dim\"", "integer"});
  }
  for (const char* value : {"\"3\"", "true", "null", "[3]", "{}"}) {
    expect_refused(kScheduler, "3.0", value, {"\"shift\"", "must be a number"});
  }
  expect_refused(kVae, "[2, 2, 4, 4]", "4", {"block_out_channels", "list"});
  expect_refused(kTransformer, "\"qk_norm\": true", "\"qk_norm\": 1", {"qk_norm", "true or false"});
  expect_refused(kIndex, "\"ZImagePipeline\"", "7", {"_class_name", "string"});
}

TEST_F(Config, a_field_is_missing) {
  expect_refused(kTransformer, "\"dim\": 12,", "", {"\"dim\"", "missing"});
  expect_refused(kText, "\"rope_theta\": 1000000.0,", "", {"\"rope_theta\"", "missing"});
  expect_refused(kVae, "\"shift_factor\": 0.1159,", "", {"\"shift_factor\"", "missing"});
  expect_refused(kIndex, "\"vae\"", "\"vae2\"", {"\"vae\"", "missing"});
}

TEST_F(Config, C5_heads_that_do_not_divide) {
  expect_refused(kTransformer, "\"dim\": 12", "\"dim\": 13", {"\"dim\"", "no multiple of 2"});
  expect_refused(kText, "\"num_key_value_heads\": 1", "\"num_key_value_heads\": 3", {"no multiple of 3"});
  expect_refused(kVae, "[2, 2, 4, 4]", "[2, 3, 4, 4]", {"block_out_channels", "no multiple of 2"});
  expect_refused(kText, "\"head_dim\": 2", "\"head_dim\": 3", {"head_dim", "no multiple of 2"});
}

TEST_F(Config, C6_a_thousand_million_layers) {
  expect_refused(kTransformer, "\"n_layers\": 1", "\"n_layers\": 1000000000", {"n_layers", "outside"});
  expect_refused(kText, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1000000000", {"outside"});
  expect_refused(kVae, "\"layers_per_block\": 1", "\"layers_per_block\": 1000000000", {"outside"});
}

TEST_F(Config, C7_classes_that_are_not_known) {
  expect_refused(kIndex, "ZImagePipeline", "FluxPipeline", {"_class_name", "FluxPipeline"});
  expect_refused(kIndex, "\"Qwen3Model\"", "\"LlamaModel\"", {"text_encoder", "transformers.LlamaModel"});
  expect_refused(kIndex, "[\"diffusers\", \"AutoencoderKL\"]", "[\"my_code\", \"AutoencoderKL\"]", {"vae", "my_code"});
  expect_refused(kIndex, "[\"diffusers\", \"AutoencoderKL\"]", "[\"diffusers\", \"\"]", {"vae", "not known"});
  expect_refused(kIndex, "[\"diffusers\", \"AutoencoderKL\"]", "[\"AutoencoderKL\"]", {"vae", "[library, class]"});
  expect_refused(kTransformer, "ZImageTransformer2DModel", "FluxTransformer2DModel", {"_class_name"});
  expect_refused(kText, "\"qwen3\"", "\"llama\"", {"model_type", "llama"});
  expect_refused(kScheduler, "FlowMatchEulerDiscreteScheduler", "DDIMScheduler", {"_class_name", "DDIMScheduler"});
}

TEST_F(Config, C8_auto_map_is_a_warning) {
  const auto warnings = warnings_after(kTransformer, "{", R"({"auto_map": {"AutoModel": "evil.Model"},)");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("auto_map is ignored"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[0].find(kTransformer), std::string::npos) << warnings[0];
}

TEST_F(Config, C9_a_components_path) {
  for (const char* name : {"../vae2", "/etc", "a/../../b", "..", "", "a\\\\b"}) {
    expect_refused(kIndex, "\"scheduler\"",
                   "\"" + std::string(name) + R"(": ["diffusers", "AutoencoderKL"], "scheduler")", {"plain file name"});
  }
}

TEST_F(Config, a_component_that_nothing_uses_is_a_warning) {
  const auto warnings = warnings_after(kIndex, "\"scheduler\"", R"("safety": ["a", "B"], "scheduler")");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("safety"), std::string::npos);
}

TEST_F(Config, C10_duplicate_keys) {
  expect_refused(kTransformer, "\"dim\": 12", "\"dim\": 12, \"dim\": 24", {"duplicate key \"dim\""});
}

TEST_F(Config, C11_rope_axes_that_are_no_head) {
  expect_refused(kTransformer, "[2, 2, 2]", "[2, 2, 4]", {"axes_dims", "add up to 8, a head has 6"});
  expect_refused(kTransformer, "[2, 2, 2]", "[2, 4]", {"axes_dims", "three"});
  expect_refused(kTransformer, "[2, 2, 2]", "[3, 1, 2]", {"axes_dims"});
  expect_refused(kTransformer, "[64, 32, 32]", "[64, 32]", {"axes_lens", "three"});
}

TEST_F(Config, C12_vae_of_another_scale) {
  expect_refused(kVae, "[2, 2, 4, 4]", "[2, 2, 4]", {"block_out_channels", "need 4"});
  expect_refused(kVae, "[2, 2, 4, 4]", "[]", {"block_out_channels", "need 4"});
}

TEST_F(Config, C13_shift_out_of_bounds) {
  expect_refused(kScheduler, "3.0", "1e308", {"shift", "outside"});
  expect_refused(kVae, "0.1159", "1e308", {"shift_factor", "outside"});
  expect_refused(kVae, "0.1159", "-1e999", {"byte"});
}

TEST_F(Config, C14_components_that_disagree) {
  expect_refused(kTransformer, "\"cap_feat_dim\": 4", "\"cap_feat_dim\": 8", {"cap_feat_dim", "hidden_size 4"});
  expect_refused(kTransformer, "\"in_channels\": 2", "\"in_channels\": 4", {"in_channels", "latent_channels 2"});
}

TEST_F(Config, rope_theta_in_both_spellings) {
  const auto theta_after = [](const std::string& to) {
    const test::TempDir dir;
    const auto model = test::write_checkpoint(dir);
    replace_in(model / kText, "\"rope_theta\": 1000000.0", to);
    return Checkpoint(model).text_encoder_config().rope_theta;
  };
  EXPECT_EQ(theta_after(R"("rope_theta": 5000)"), 5000);
  EXPECT_EQ(theta_after(R"("rope_parameters": {"rope_theta": 7000.0, "rope_type": "default"})"), 7000);
  EXPECT_EQ(theta_after(R"("rope_parameters": null, "rope_theta": 8000)"), 8000);
  EXPECT_EQ(theta_after(R"("rope_parameters": {"rope_theta": 9000}, "rope_theta": 9000)"), 9000);
}

TEST_F(Config, rope_that_the_program_does_not_compute) {
  const std::string theta = "\"rope_theta\": 1000000.0";
  expect_refused(kText, theta, R"("rope_parameters": {"rope_theta": 1e6, "rope_type": "yarn"})",
                 {"rope_type", "default"});
  expect_refused(kText, theta, R"("rope_parameters": {"rope_theta": 1e6, "rope_type": 1})", {"rope_type", "default"});
  expect_refused(kText, theta, R"("rope_parameters": {"rope_type": "default"})", {"rope_theta", "missing"});
  expect_refused(kText, theta, R"("rope_parameters": {"rope_theta": 1e5}, "rope_theta": 1e6)", {"differs"});
  expect_refused(kText, theta, R"("rope_parameters": {"rope_theta": 1e6, "partial_rotary_factor": 0.5})", {"partial"});
  expect_refused(kText, theta, R"("rope_parameters": [])", {"rope_parameters", "object"});
  expect_refused(kText, "\"rope_scaling\": null", R"("rope_scaling": {"type": "linear", "factor": 2})",
                 {"rope_scaling"});
}

TEST_F(Config, variants_that_the_program_does_not_compute) {
  expect_refused(kTransformer, "\"n_kv_heads\": 2", "\"n_kv_heads\": 1", {"n_kv_heads", "n_heads"});
  expect_refused(kTransformer, "\"qk_norm\": true", "\"qk_norm\": false", {"qk_norm"});
  expect_refused(kTransformer, "\"all_patch_size\": [2]", "\"all_patch_size\": [2, 4]", {"all_patch_size", "[2]"});
  expect_refused(kTransformer, "\"all_f_patch_size\": [1]", "\"all_f_patch_size\": [2]", {"all_f_patch_size"});
  expect_refused(kTransformer, "\"dim\"", "\"siglip_feat_dim\": 4, \"dim\"", {"siglip_feat_dim"});
  expect_refused(kText, "\"attention_bias\": false", "\"attention_bias\": true", {"attention_bias"});
  expect_refused(kText, "\"use_sliding_window\": false", "\"use_sliding_window\": true", {"use_sliding_window"});
  expect_refused(kText, "\"silu\"", "\"gelu\"", {"hidden_act", "gelu"});
  expect_refused(kText, "\"head_dim\"", R"("layer_types": ["full_attention", "sliding_attention"], "head_dim")",
                 {"layer_types"});
  expect_refused(kScheduler, "\"use_dynamic_shifting\": false", "\"use_dynamic_shifting\": true",
                 {"use_dynamic_shifting"});
  expect_refused(kScheduler, "\"shift\"", "\"use_karras_sigmas\": true, \"shift\"", {"use_karras_sigmas"});
  expect_refused(kScheduler, "\"shift\"", "\"shift_terminal\": 0.1, \"shift\"", {"shift_terminal"});
  expect_refused(kScheduler, "1000,", "500,", {"num_train_timesteps"});
  expect_refused(kVae, "\"use_quant_conv\": false", "\"use_quant_conv\": true", {"use_quant_conv"});
  expect_refused(kVae, "\"use_post_quant_conv\": false,", "", {"use_post_quant_conv", "absent, which means true"});
  expect_refused(kVae, "\"mid_block_add_attention\": true", "\"mid_block_add_attention\": false", {"mid_block"});
  expect_refused(kVae, "\"act_fn\": \"silu\"", "\"act_fn\": \"relu\"", {"act_fn", "relu"});
  expect_refused(kVae, "\"out_channels\": 3", "\"out_channels\": 4", {"out_channels"});
  expect_refused(kVae, "\"in_channels\"", "\"latents_mean\": [0], \"in_channels\"", {"latents_mean"});
}

TEST_F(Config, a_config_that_is_no_object_or_too_large) {
  const test::TempDir dir;
  const auto model = test::write_checkpoint(dir);
  dir.write("model/vae/config.json", "[]");
  expect_error(ErrorKind::model, {kVae, "not an object"}, [&] { Checkpoint checkpoint(model); });
  dir.write("model/vae/config.json", "{" + std::string(2 << 20, ' ') + "}");
  expect_error(ErrorKind::model, {kVae, "bytes"}, [&] { Checkpoint checkpoint(model); });
  std::filesystem::remove(model / kIndex);
  expect_error(ErrorKind::model, {kIndex, "missing"}, [&] { Checkpoint checkpoint(model); });
  expect_error(ErrorKind::model, {"missing"}, [&] { Checkpoint checkpoint(dir / "gone"); });
}

}  // namespace
}  // namespace zimage
