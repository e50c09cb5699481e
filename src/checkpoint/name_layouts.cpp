#include "checkpoint/name_layouts.h"

#include <charconv>
#include <optional>

namespace zimage {
namespace {

// The VAE's; a checkpoint with another number is refused by its configuration.
constexpr int kLevels = 4;

// transformers writes "model." for a model with a head, and not for one without.
constexpr std::string_view kTextPrefixes[]{"model.", "", "text_encoders.qwen3_4b.transformer.model."};
constexpr NameLayout kTextLayouts[]{{"embed_tokens.weight", {}}};

constexpr std::string_view kTransformerPrefixes[]{"", "model.diffusion_model.", "diffusion_model.", "transformer."};
// As in Lumina's code, which ComfyUI's and stable-diffusion.cpp's files keep.
constexpr NameRule kOriginalTransformer[]{
    {"x_embedder.*", {"all_x_embedder.2-1.*"}},
    {"final_layer.*", {"all_final_layer.2-1.*"}},
    {"?.#.attention.qkv.weight",
     {"?.#.attention.to_q.weight", "?.#.attention.to_k.weight", "?.#.attention.to_v.weight"}},
    {"?.#.attention.out.weight", {"?.#.attention.to_out.0.weight"}},
    {"?.#.attention.q_norm.weight", {"?.#.attention.norm_q.weight"}},
    {"?.#.attention.k_norm.weight", {"?.#.attention.norm_k.weight"}},
};
constexpr NameLayout kTransformerLayouts[]{{"all_x_embedder.2-1.weight", {}},
                                           {"x_embedder.weight", kOriginalTransformer}};

constexpr std::string_view kVaePrefixes[]{"", "vae.", "first_stage_model."};
// As in the latent-diffusion code that Flux took over: levels are counted from the image, not from the latents.
constexpr NameRule kOriginalVae[]{
    {"decoder.mid.block_1.*", {"decoder.mid_block.resnets.0.*"}},
    {"decoder.mid.block_2.*", {"decoder.mid_block.resnets.1.*"}},
    {"decoder.mid.attn_1.norm.*", {"decoder.mid_block.attentions.0.group_norm.*"}},
    {"decoder.mid.attn_1.q.*", {"decoder.mid_block.attentions.0.to_q.*"}, TensorForm::matrix},
    {"decoder.mid.attn_1.k.*", {"decoder.mid_block.attentions.0.to_k.*"}, TensorForm::matrix},
    {"decoder.mid.attn_1.v.*", {"decoder.mid_block.attentions.0.to_v.*"}, TensorForm::matrix},
    {"decoder.mid.attn_1.proj_out.*", {"decoder.mid_block.attentions.0.to_out.0.*"}, TensorForm::matrix},
    {"decoder.up.~.block.#.nin_shortcut.*", {"decoder.up_blocks.~.resnets.#.conv_shortcut.*"}},
    {"decoder.up.~.block.#.*", {"decoder.up_blocks.~.resnets.#.*"}},
    {"decoder.up.~.upsample.conv.*", {"decoder.up_blocks.~.upsamplers.0.conv.*"}},
    {"decoder.norm_out.*", {"decoder.conv_norm_out.*"}},
};
constexpr NameLayout kVaeLayouts[]{{"decoder.conv_norm_out.weight", {}}, {"decoder.norm_out.weight", kOriginalVae}};

// What stands before the first dot, which is taken off `rest`.
std::string_view next_part(std::string_view& rest) {
  const std::size_t dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  return part;
}

std::optional<int> number(std::string_view text) {
  constexpr std::size_t kMaxDigits = 6;
  const bool padded = text.size() > 1 && text.front() == '0';
  if (text.empty() || text.size() > kMaxDigits || padded) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && value >= 0;
  return whole ? std::optional(value) : std::nullopt;
}

// What a pattern's sign stands for in this name; nothing where the part does not fit.
std::optional<std::string> captured(std::string_view sign, std::string_view part) {
  if (sign == "?") return std::string(part);
  const std::optional<int> value = number(part);
  if (!value) return std::nullopt;
  if (sign == "#") return std::string(part);
  return *value < kLevels ? std::optional(std::to_string(kLevels - 1 - *value)) : std::nullopt;
}

bool is_sign(std::string_view part) { return part == "?" || part == "#" || part == "~"; }

// What the pattern's signs stand for, in their order; nothing where the name is no such.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view name) {
  std::vector<std::string> captures;
  while (!pattern.empty()) {
    if (pattern == "*") {
      captures.emplace_back(name);
      return name.empty() ? std::nullopt : std::optional(captures);
    }
    const std::string_view expected = next_part(pattern), part = next_part(name);
    if (!is_sign(expected)) {
      if (part != expected) return std::nullopt;
      continue;
    }
    auto capture = captured(expected, part);
    if (!capture) return std::nullopt;
    captures.push_back(std::move(*capture));
  }
  return name.empty() ? std::optional(captures) : std::nullopt;
}

// Both patterns of a rule have the same signs in the same order.
std::string filled(std::string_view pattern, const std::vector<std::string>& captures) {
  std::string name;
  auto capture = captures.begin();
  while (!pattern.empty()) {
    const std::string_view part = next_part(pattern);
    if (!name.empty()) name += '.';
    if (is_sign(part) || part == "*") {
      name += *capture++;
    } else {
      name += part;
    }
  }
  return name;
}

}  // namespace

const NameTable& text_encoder_names() {
  static constexpr NameTable kTable{"text_encoder", kTextPrefixes, kTextLayouts};
  return kTable;
}
const NameTable& transformer_names() {
  static constexpr NameTable kTable{"transformer", kTransformerPrefixes, kTransformerLayouts};
  return kTable;
}
const NameTable& vae_names() {
  static constexpr NameTable kTable{"vae", kVaePrefixes, kVaeLayouts};
  return kTable;
}

NameTranslation::NameTranslation(const NameTable& table, const std::function<bool(const std::string&)>& has_tensor)
    : prefix_(table.prefixes.front()), rules_(table.layouts.front().rules) {
  for (const NameLayout& layout : table.layouts) {
    for (const std::string_view prefix : table.prefixes) {
      if (!has_tensor(std::string(prefix).append(layout.marker))) continue;
      prefix_ = prefix;
      rules_ = layout.rules;
      is_known_ = true;
      is_exclusive_ = prefix != table.prefixes.front();
      return;
    }
  }
}

std::string_view NameTranslation::stripped(std::string_view name) const {
  return name.starts_with(prefix_) ? name.substr(prefix_.size()) : name;
}

std::vector<Renamed> NameTranslation::renamed(std::string_view name) const {
  for (const NameRule& rule : rules_) {
    const auto captures = match(rule.from, name);
    if (!captures) continue;
    std::vector<Renamed> all;
    for (const std::string_view to : rule.to) {
      if (!to.empty()) all.push_back({filled(to, *captures), all.size(), 1, rule.form});
    }
    for (Renamed& one : all) one.parts = all.size();
    return all;
  }
  return {};
}

}  // namespace zimage
