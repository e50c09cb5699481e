#include "support/checkpoint_builder.h"

#include "support/safetensors_builder.h"

namespace zimage::test {
namespace {

constexpr const char* kModelIndex = R"({
  "_class_name": "ZImagePipeline",
  "_diffusers_version": "0.36.0",
  "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
  "text_encoder": ["transformers", "Qwen3Model"],
  "tokenizer": ["transformers", "Qwen2Tokenizer"],
  "transformer": ["diffusers", "ZImageTransformer2DModel"],
  "vae": ["diffusers", "AutoencoderKL"]
})";

constexpr const char* kScheduler = R"({
  "_class_name": "FlowMatchEulerDiscreteScheduler",
  "num_train_timesteps": 1000,
  "shift": 3.0,
  "use_dynamic_shifting": false
})";

constexpr const char* kTextEncoder = R"({
  "architectures": ["Qwen3ForCausalLM"],
  "attention_bias": false,
  "head_dim": 2,
  "hidden_act": "silu",
  "hidden_size": 4,
  "intermediate_size": 6,
  "model_type": "qwen3",
  "num_attention_heads": 2,
  "num_hidden_layers": 2,
  "num_key_value_heads": 1,
  "rms_norm_eps": 1e-06,
  "rope_scaling": null,
  "rope_theta": 1000000.0,
  "use_sliding_window": false,
  "vocab_size": 8
})";

constexpr const char* kTransformer = R"({
  "_class_name": "ZImageTransformer2DModel",
  "all_f_patch_size": [1],
  "all_patch_size": [2],
  "axes_dims": [2, 2, 2],
  "axes_lens": [64, 32, 32],
  "cap_feat_dim": 4,
  "dim": 12,
  "in_channels": 2,
  "n_heads": 2,
  "n_kv_heads": 2,
  "n_layers": 1,
  "n_refiner_layers": 1,
  "norm_eps": 1e-05,
  "qk_norm": true,
  "rope_theta": 256.0,
  "t_scale": 1000.0
})";

constexpr const char* kVae = R"({
  "_class_name": "AutoencoderKL",
  "act_fn": "silu",
  "block_out_channels": [2, 2, 4, 4],
  "in_channels": 3,
  "latent_channels": 2,
  "layers_per_block": 1,
  "mid_block_add_attention": true,
  "norm_num_groups": 2,
  "out_channels": 3,
  "sample_size": 64,
  "scaling_factor": 0.3611,
  "shift_factor": 0.1159,
  "use_post_quant_conv": false,
  "use_quant_conv": false
})";

std::string weights(const ExpectedTensors& expected, const std::string& prefix = "") {
  SafetensorsBuilder builder;
  for (const auto& [name, shape] : expected.shapes) builder.add(prefix + name, shape);
  return builder.bytes();
}

}  // namespace

TextEncoderConfig small_text_encoder() { return {8, 4, 6, 2, 2, 1, 2, 1e-6, 1e6}; }

TransformerConfig small_transformer() { return {12, 1, 1, 2, 2, 2, 4, 1e-5, 256, 1000, {2, 2, 2}, {64, 32, 32}}; }

VaeConfig small_vae() { return {{2, 2, 4, 4}, 1, 2, 2, 64, 0.3611, 0.1159}; }

std::filesystem::path write_checkpoint(const TempDir& dir, const std::string& name) {
  const std::filesystem::path root = name;
  dir.write(root / "model_index.json", kModelIndex);
  dir.write(root / "scheduler/scheduler_config.json", kScheduler);
  dir.write(root / "text_encoder/config.json", kTextEncoder);
  dir.write(root / "transformer/config.json", kTransformer);
  dir.write(root / "vae/config.json", kVae);
  dir.write(root / "text_encoder/model.safetensors", weights(text_encoder_tensors(small_text_encoder()), "model."));
  dir.write(root / "transformer/diffusion_pytorch_model.safetensors",
            weights(transformer_tensors(small_transformer())));
  dir.write(root / "vae/diffusion_pytorch_model.safetensors", weights(vae_decoder_tensors(small_vae())));
  return dir / root;
}

void replace_in(const std::filesystem::path& path, const std::string& from, const std::string& to) {
  std::string content = content_of(path);
  const std::size_t at = content.find(from);
  ASSERT_NE(at, std::string::npos) << path << " holds no " << from;
  content.replace(at, from.size(), to);
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace zimage::test
