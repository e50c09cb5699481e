// The dimensions of a checkpoint's components, as plain data; checkpoint/ reads them from config.json files.
#pragma once

#include "plan/attention_choice.h"
#include "plan/levers.h"

#include <array>
#include <cstdint>
#include <vector>

namespace zimage {

// text_encoder/config.json (Qwen3).
struct TextEncoderConfig {
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;
  std::int64_t head_dim = 0;
  double rms_norm_eps = 0;
  double rope_theta = 0;
  AttentionBackend attention = AttentionBackend::automatic;  // the run's choice, in no file
  plan::ActivationLevers levers;                             // the run's choice too
};

// transformer/config.json (ZImageTransformer2DModel).
struct TransformerConfig {
  std::int64_t dim = 0;
  std::int64_t n_layers = 0;
  std::int64_t n_refiner_layers = 0;
  std::int64_t n_heads = 0;
  std::int64_t in_channels = 0;
  std::int64_t patch_size = 0;
  std::int64_t cap_feat_dim = 0;
  double norm_eps = 0;
  double rope_theta = 0;
  double t_scale = 0;
  std::array<std::int64_t, 3> axes_dims{};                   // frame, row, column; their sum is head_dim
  std::array<std::int64_t, 3> axes_lens{};                   // positions must stay below these
  AttentionBackend attention = AttentionBackend::automatic;  // the run's choice, in no file
  plan::ActivationLevers levers;                             // the run's choice too

  std::int64_t head_dim() const { return dim / n_heads; }
  std::int64_t ffn_dim() const { return static_cast<std::int64_t>(static_cast<double>(dim) / 3 * 8); }
  std::int64_t modulation_dim() const { return dim < 256 ? dim : 256; }
};

// vae/config.json (AutoencoderKL), the decoder's half.
struct VaeConfig {
  std::vector<std::int64_t> block_out_channels;
  std::int64_t layers_per_block = 0;
  std::int64_t latent_channels = 0;
  std::int64_t norm_num_groups = 0;
  std::int64_t sample_size = 0;  // pixels, the training size
  double scaling_factor = 0;
  double shift_factor = 0;
  plan::VaeLevers levers;  // the run's choice, in no file
};

// scheduler/scheduler_config.json (FlowMatchEulerDiscreteScheduler).
struct SchedulerConfig {
  std::int64_t num_train_timesteps = 0;
  double shift = 0;
};

}  // namespace zimage
