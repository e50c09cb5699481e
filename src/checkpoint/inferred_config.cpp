#include "checkpoint/inferred_config.h"

#include "base/text.h"

#include <string>

namespace zimage {
namespace {

// As for the fields of a config.json: far beyond any model, and no product of them overflows.
constexpr std::int64_t kMaxWidth = 1 << 16, kMaxVocabulary = 1 << 22;
constexpr std::int64_t kMaxLayers = 1 << 10;

// What the published model's code has as constants, and its config.json.
constexpr std::int64_t kPatchSize = 2, kLatentChannels = 16, kNormGroups = 32, kVaeLevels = 4;
constexpr std::int64_t kQwenWidth = 2560, kQwenLayers = 36;

class Sizes {
 public:
  explicit Sizes(const ComponentFiles& files) : files_(files) {}

  [[noreturn]] void refuse(const std::string& tensor, const std::string& rule) const {
    throw Error(ErrorKind::model, printable(files_.listing().native()) + ": tensor \"" + tensor + "\": " + rule);
  }

  bool has(const std::string& tensor) const { return files_.find(tensor) != nullptr; }

  std::int64_t of(const std::string& tensor, std::size_t dimension, std::int64_t max = kMaxWidth) const {
    const TensorSource* source = files_.find(tensor);
    if (source == nullptr) refuse(tensor, "is missing, and no config.json tells the model's sizes");
    const std::vector<std::int64_t>& shape = source->info->shape;
    if (dimension >= shape.size()) refuse(tensor, "has " + std::to_string(shape.size()) + " dimensions");
    const std::int64_t size = shape[dimension];
    if (size < 1 || size > max) refuse(tensor, std::to_string(size) + " is outside 1 to " + std::to_string(max));
    return size;
  }

  // How many of STEM.0.END, STEM.1.END, ... are there.
  std::int64_t count(const std::string& stem, const std::string& end) const {
    const auto name = [&](std::int64_t i) { return std::string(stem).append(std::to_string(i)).append(end); };
    std::int64_t count = 0;
    while (count < kMaxLayers && has(name(count))) ++count;
    if (count == 0) refuse(name(0), "is missing, and no config.json tells the model's sizes");
    return count;
  }

  std::int64_t quotient(const std::string& tensor, std::int64_t whole, std::int64_t part) const {
    if (whole % part != 0) refuse(tensor, std::to_string(whole) + " is no multiple of " + std::to_string(part));
    return whole / part;
  }

 private:
  const ComponentFiles& files_;
};

}  // namespace

TextEncoderConfig inferred_text_encoder_config(const ComponentFiles& files) {
  const Sizes sizes(files);
  const std::string attention = "layers.0.self_attn.", query = attention + "q_proj.weight";
  TextEncoderConfig config;
  config.vocab_size = sizes.of("embed_tokens.weight", 0, kMaxVocabulary);
  config.hidden_size = sizes.of("embed_tokens.weight", 1);
  config.intermediate_size = sizes.of("layers.0.mlp.gate_proj.weight", 0, 4 * kMaxWidth);
  config.num_hidden_layers = sizes.count("layers.", ".input_layernorm.weight");
  // Files may leave out the last layer, which nothing uses.
  if (config.hidden_size == kQwenWidth && config.num_hidden_layers == kQwenLayers - 1) ++config.num_hidden_layers;
  config.head_dim = sizes.of(attention + "q_norm.weight", 0, 1024);
  if (config.head_dim % 2 != 0) sizes.refuse(attention + "q_norm.weight", "an odd head dimension cannot be rotated");
  config.num_attention_heads = sizes.quotient(query, sizes.of(query, 0, 1 << 20), config.head_dim);
  const std::string key = attention + "k_proj.weight";
  config.num_key_value_heads = sizes.quotient(key, sizes.of(key, 0, 1 << 20), config.head_dim);
  sizes.quotient(query, config.num_attention_heads, config.num_key_value_heads);
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 1e6;
  return config;
}

TransformerConfig inferred_transformer_config(const ComponentFiles& files) {
  const Sizes sizes(files);
  const std::string embedder = "all_x_embedder.2-1.weight", norm = "layers.0.attention.norm_q.weight";
  TransformerConfig config;
  config.dim = sizes.of(embedder, 0);
  config.patch_size = kPatchSize;
  config.in_channels = sizes.quotient(embedder, sizes.of(embedder, 1), kPatchSize * kPatchSize);
  config.cap_feat_dim = sizes.of("cap_embedder.1.weight", 1);
  config.n_layers = sizes.count("layers.", ".attention_norm1.weight");
  config.n_refiner_layers = sizes.count("noise_refiner.", ".attention_norm1.weight");
  const std::int64_t head_dim = sizes.of(norm, 0, 1024);
  config.n_heads = sizes.quotient(norm, config.dim, head_dim);
  config.norm_eps = 1e-5;
  config.rope_theta = 256;
  config.t_scale = 1000;
  // The published head of 128 is 32 | 48 | 48; other sizes in the same proportion.
  const std::int64_t sixteenth = sizes.quotient(norm, head_dim, 16);
  config.axes_dims = {4 * sixteenth, 6 * sixteenth, 6 * sixteenth};
  config.axes_lens = {1536, 512, 512};
  return config;
}

VaeConfig inferred_vae_config(const ComponentFiles& files) {
  const Sizes sizes(files);
  const std::string conv_in = "decoder.conv_in.weight";
  VaeConfig config;
  config.latent_channels = sizes.of(conv_in, 1);
  if (config.latent_channels != kLatentChannels) {
    sizes.refuse(conv_in, std::to_string(config.latent_channels) + " latent channels, Z-Image's VAE has " +
                              std::to_string(kLatentChannels));
  }
  for (std::int64_t level = kVaeLevels; level-- > 0;) {
    const std::string conv = "decoder.up_blocks." + std::to_string(level) + ".resnets.0.conv1.weight";
    config.block_out_channels.push_back(sizes.of(conv, 0, 1 << 14));
    sizes.quotient(conv, config.block_out_channels.back(), kNormGroups);
  }
  config.layers_per_block = sizes.count("decoder.up_blocks.0.resnets.", ".norm1.weight") - 1;
  if (config.layers_per_block < 1) sizes.refuse("decoder.up_blocks.0.resnets.1.norm1.weight", "is missing");
  config.norm_num_groups = kNormGroups;
  config.sample_size = 1024;
  config.scaling_factor = 0.3611;
  config.shift_factor = 0.1159;
  return config;
}

SchedulerConfig published_scheduler_config() { return {.num_train_timesteps = 1000, .shift = 3}; }

}  // namespace zimage
