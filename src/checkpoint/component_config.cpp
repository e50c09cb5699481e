#include "checkpoint/component_config.h"

#include "base/text.h"
#include "io/model_file.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace zimage {
namespace {

// Far beyond any model of this kind, and small enough that no product of them overflows 63 bits.
constexpr IntegerRange kWidth{1, 1 << 16};
constexpr IntegerRange kLayers{1, 1 << 10};
constexpr IntegerRange kVocabulary{1, 1 << 22};
constexpr IntegerRange kPosition{1, 1 << 20};
constexpr NumberRange kEpsilon{1e-12, 1e-1};
constexpr NumberRange kTheta{1, 1e12};
constexpr NumberRange kPositiveFactor{1e-6, 1e6};

void check_divides(const ConfigFile& file, std::string_view field, std::int64_t whole, std::int64_t part) {
  if (whole % part != 0) {
    file.refuse(field, std::to_string(whole) + " is no multiple of " + std::to_string(part));
  }
}

// transformers 4 wrote rope_theta at the top, transformers 5 writes it into rope_parameters.
double rope_theta(const ConfigFile& file) {
  file.expect_null("rope_scaling");
  const io::Json* nested = file.root().find("rope_parameters");
  if (nested == nullptr || nested->as<std::nullptr_t>() != nullptr) return file.number("rope_theta", kTheta);
  if (nested->as<io::Json::Object>() == nullptr) file.refuse("rope_parameters", "must be an object");
  for (const char* field : {"rope_type", "type"}) {
    const io::Json* type = nested->find(field);
    const auto* name = type != nullptr ? type->as<std::string>() : nullptr;
    if (type != nullptr && (name == nullptr || *name != "default")) {
      file.refuse("rope_parameters." + std::string(field), "must be \"default\"");
    }
  }
  if (nested->find("partial_rotary_factor") != nullptr) {
    file.refuse("rope_parameters.partial_rotary_factor", "is not computed by this program");
  }
  const double theta = file.number_of(nested->find("rope_theta"), "rope_parameters.rope_theta", kTheta);
  if (file.root().find("rope_theta") != nullptr && file.number("rope_theta", kTheta) != theta) {
    file.refuse("rope_theta", "differs from rope_parameters.rope_theta");
  }
  return theta;
}

struct Component {
  std::string_view name, library;
  std::array<std::string_view, 2> classes;
};
constexpr std::array<Component, 5> kComponents{{{"scheduler", "diffusers", {"FlowMatchEulerDiscreteScheduler", ""}},
                                                {"text_encoder", "transformers", {"Qwen3Model", "Qwen3ForCausalLM"}},
                                                {"tokenizer", "transformers", {"Qwen2Tokenizer", "Qwen2TokenizerFast"}},
                                                {"transformer", "diffusers", {"ZImageTransformer2DModel", ""}},
                                                {"vae", "diffusers", {"AutoencoderKL", ""}}}};

void check_component(const ConfigFile& file, const Component& component) {
  const io::Json* entry = file.root().find(component.name);
  if (entry == nullptr) file.refuse(component.name, "is missing");
  const auto* pair = entry->as<io::Json::Array>();
  const auto text = [&](std::size_t i) { return pair->at(i).as<std::string>(); };
  if (pair == nullptr || pair->size() != 2 || text(0) == nullptr || text(1) == nullptr) {
    file.refuse(component.name, "must be [library, class]");
  }
  const bool known = std::find(component.classes.begin(), component.classes.end(), *text(1)) != component.classes.end();
  if (*text(0) != component.library || !known || text(1)->empty()) {
    file.refuse(component.name, "class " + printable(*text(0), 60) + "." + printable(*text(1), 60) +
                                    " is not known; this program has " + std::string(component.library) + "." +
                                    std::string(component.classes[0]));
  }
}

}  // namespace

TextEncoderConfig text_encoder_config(const ConfigFile& file) {
  file.expect_string("model_type", "qwen3");
  file.expect_flag("attention_bias", false, false);
  file.expect_flag("use_sliding_window", false, false);
  file.expect_every_string("layer_types", "full_attention");
  file.expect_string("hidden_act", "silu");
  file.expect_null("quantization_config");
  TextEncoderConfig config;
  config.vocab_size = file.integer("vocab_size", kVocabulary);
  config.hidden_size = file.integer("hidden_size", kWidth);
  config.intermediate_size = file.integer("intermediate_size", {1, 4 * kWidth.max});
  config.num_hidden_layers = file.integer("num_hidden_layers", kLayers);
  config.num_attention_heads = file.integer("num_attention_heads", {1, 1024});
  config.num_key_value_heads = file.integer("num_key_value_heads", {1, 1024});
  config.head_dim = file.integer("head_dim", {2, 1024});
  config.rms_norm_eps = file.number("rms_norm_eps", kEpsilon);
  config.rope_theta = rope_theta(file);
  check_divides(file, "num_attention_heads", config.num_attention_heads, config.num_key_value_heads);
  check_divides(file, "head_dim", config.head_dim, 2);
  return config;
}

TransformerConfig transformer_config(const ConfigFile& file) {
  file.expect_string("_class_name", "ZImageTransformer2DModel");
  file.expect_integers("all_patch_size", {2});
  file.expect_integers("all_f_patch_size", {1});
  file.expect_flag("qk_norm", true, true);
  file.expect_null("siglip_feat_dim");
  file.expect_null("quantization_config");
  TransformerConfig config;
  config.dim = file.integer("dim", kWidth);
  config.n_layers = file.integer("n_layers", kLayers);
  config.n_refiner_layers = file.integer("n_refiner_layers", kLayers);
  config.n_heads = file.integer("n_heads", {1, 1024});
  config.in_channels = file.integer("in_channels", {1, 1024});
  config.patch_size = 2;
  config.cap_feat_dim = file.integer("cap_feat_dim", kWidth);
  config.norm_eps = file.number("norm_eps", kEpsilon);
  config.rope_theta = file.number("rope_theta", kTheta);
  config.t_scale = file.number("t_scale", kPositiveFactor);
  // The reference never looks at n_kv_heads, so another number would promise what nobody computes.
  if (file.integer("n_kv_heads", {1, 1024}) != config.n_heads) file.refuse("n_kv_heads", "must equal n_heads");
  check_divides(file, "dim", config.dim, config.n_heads);
  const auto dims = file.integers("axes_dims", {2, 1024}), lens = file.integers("axes_lens", kPosition);
  if (dims.size() != 3) file.refuse("axes_dims", "must be three integers: frame, row, column");
  if (lens.size() != 3) file.refuse("axes_lens", "must be three integers: frame, row, column");
  std::copy(dims.begin(), dims.end(), config.axes_dims.begin());
  std::copy(lens.begin(), lens.end(), config.axes_lens.begin());
  for (const std::int64_t dim : dims) check_divides(file, "axes_dims", dim, 2);
  if (const std::int64_t sum = std::accumulate(dims.begin(), dims.end(), std::int64_t{0}); sum != config.head_dim()) {
    file.refuse("axes_dims", "add up to " + std::to_string(sum) + ", a head has " + std::to_string(config.head_dim()));
  }
  return config;
}

VaeConfig vae_config(const ConfigFile& file) {
  file.expect_string("_class_name", "AutoencoderKL");
  file.expect_string("act_fn", "silu");
  file.integer("in_channels", {3, 3});
  file.integer("out_channels", {3, 3});
  file.expect_flag("mid_block_add_attention", true, true);
  file.expect_flag("use_quant_conv", false, true);
  file.expect_flag("use_post_quant_conv", false, true);
  file.expect_every_string("up_block_types", "UpDecoderBlock2D");
  file.expect_null("latents_mean");
  file.expect_null("latents_std");
  file.expect_null("quantization_config");
  VaeConfig config;
  config.block_out_channels = file.integers("block_out_channels", {1, 1 << 14});
  config.layers_per_block = file.integer("layers_per_block", {1, 64});
  config.latent_channels = file.integer("latent_channels", {1, 1024});
  config.norm_num_groups = file.integer("norm_num_groups", {1, 1 << 14});
  config.sample_size = file.integer("sample_size", kWidth);
  config.scaling_factor = file.number("scaling_factor", kPositiveFactor);
  config.shift_factor = file.number("shift_factor", {-1e6, 1e6});
  if (config.block_out_channels.size() != 4) {
    file.refuse("block_out_channels",
                std::to_string(config.block_out_channels.size()) + " levels; latents an eighth of the image need 4");
  }
  for (const std::int64_t channels : config.block_out_channels) {
    check_divides(file, "block_out_channels", channels, config.norm_num_groups);
  }
  return config;
}

SchedulerConfig scheduler_config(const ConfigFile& file) {
  file.expect_string("_class_name", "FlowMatchEulerDiscreteScheduler");
  for (const char* field : {"use_dynamic_shifting", "invert_sigmas", "use_karras_sigmas", "use_exponential_sigmas",
                            "use_beta_sigmas", "stochastic_sampling"}) {
    file.expect_flag(field, false, false);
  }
  file.expect_null("shift_terminal");
  SchedulerConfig config;
  // The reference's pipeline turns timesteps back with a fixed 1000.
  config.num_train_timesteps = file.integer("num_train_timesteps", {1000, 1000});
  config.shift = file.number("shift", {1e-3, 1e3});
  return config;
}

std::vector<std::string> check_model_index(const ConfigFile& file) {
  file.expect_string("_class_name", "ZImagePipeline");
  for (const Component& component : kComponents) check_component(file, component);
  std::vector<std::string> warnings;
  for (const auto& [name, value] : *file.root().as<io::Json::Object>()) {
    if (!io::is_plain_name(name)) file.refuse(name, "a component's name must be a plain file name");
    const auto is_this = [&name = name](const Component& component) { return component.name == name; };
    const bool known = std::any_of(kComponents.begin(), kComponents.end(), is_this);
    const bool is_component = value.as<io::Json::Array>() != nullptr && !name.starts_with('_');
    if (is_component && !known) warnings.push_back("model_index.json: component " + printable(name) + " is ignored");
  }
  return warnings;
}

}  // namespace zimage
