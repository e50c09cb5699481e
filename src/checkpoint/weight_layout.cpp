#include "checkpoint/weight_layout.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <numeric>

namespace zimage {
namespace {

// What a vector load, or a matrix product's fastest kernel, asks of an address.
constexpr std::uint64_t kAlignment = 256;

// Blocks whose matrices are units of their own, in the order in which an image needs them.
constexpr std::array<std::string_view, 3> kStacks{"context_refiner", "noise_refiner", "layers"};
// A block's modulation, used once per schedule.
constexpr std::string_view kModulation = ".adaLN_modulation.0.";

// A unit, sorted by when an image needs it.
struct UnitKey {
  std::size_t rank = 0;  // 0: what is small; 1: modulation; then the stacks
  std::int64_t block = 0;

  auto operator<=>(const UnitKey&) const = default;
};

UnitKey unit_of(const TensorLayout& tensor, plan::Component component) {
  if (component == plan::Component::vae) return {};
  for (std::size_t i = 0; i < kStacks.size(); ++i) {
    const std::string prefix = std::string(kStacks[i]) + ".";
    if (!tensor.name.starts_with(prefix)) continue;
    if (tensor.name.find(kModulation) != std::string::npos) return {1, 0};
    if (tensor.shape.size() == 1) return {};
    return {2 + i, std::stoll(tensor.name.substr(prefix.size()))};
  }
  return {};
}

plan::Unit unit_at(const UnitKey& key, plan::Component component) {
  if (key.rank == 0) return {component, "rest", plan::Use::always};
  if (key.rank == 1) return {component, "modulation", plan::Use::schedule};
  const std::string_view stack = kStacks[key.rank - 2];
  const bool once = component == plan::Component::text_encoder || stack == "context_refiner";
  return {component, std::string(stack) + "." + std::to_string(key.block),
          once ? plan::Use::prompt : plan::Use::evaluation};
}

// The tensor that `name` is the first part of; without sources where it is a later part, placed with the first.
TensorLayout tensor_of(const std::string& name, const ComponentFiles& files, const std::vector<Packing>& packings) {
  for (const Packing& packing : packings) {
    for (std::size_t i = 0; i < packing.parts.size(); ++i) {
      if (!name.ends_with(packing.parts[i])) continue;
      if (i > 0) return {};
      const std::string stem = name.substr(0, name.size() - packing.parts[0].size());
      TensorLayout tensor{stem + packing.whole, {}};
      for (const std::string& part : packing.parts) tensor.sources.push_back(files.find(stem + part));
      return tensor;
    }
  }
  return {name, {files.find(name)}};
}

std::vector<std::int64_t> stacked_shape(const TensorLayout& tensor) {
  std::vector<std::int64_t> shape = tensor.sources.front()->info->shape;
  if (shape.empty()) return shape;
  shape[0] = 0;
  for (const TensorSource* source : tensor.sources) shape[0] += source->info->shape[0];
  return shape;
}

DType dtype_of(const TensorLayout& tensor, const LayoutSpec& spec) {
  if (tensor.name.ends_with(".bias")) return spec.bias_dtype.value_or(spec.dtype);
  return tensor.shape.size() == 1 ? spec.vector_dtype : spec.dtype;
}

void append(UnitLayout& unit, TensorLayout tensor) {
  tensor.offset = unit.unit.bytes;
  unit.unit.bytes += (tensor.bytes + kAlignment - 1) / kAlignment * kAlignment;
  unit.tensors.push_back(std::move(tensor));
}

}  // namespace

LayoutSpec text_encoder_layout(DType dtype) {
  LayoutSpec spec;
  spec.component = plan::Component::text_encoder;
  spec.wanted = [](std::string_view name) { return name.starts_with("layers."); };  // the embedding stays in its file
  spec.packings = {{{".q_proj.weight", ".k_proj.weight", ".v_proj.weight"}, ".qkv_proj.weight"},
                   {{".gate_proj.weight", ".up_proj.weight"}, ".gate_up_proj.weight"}};
  spec.dtype = dtype;
  return spec;
}

LayoutSpec transformer_layout(DType dtype) {
  LayoutSpec spec;
  spec.component = plan::Component::transformer;
  spec.packings = {{{".to_q.weight", ".to_k.weight", ".to_v.weight"}, ".to_qkv.weight"},
                   {{".w1.weight", ".w3.weight"}, ".w13.weight"}};
  spec.dtype = dtype;
  return spec;
}

LayoutSpec vae_layout(DType dtype, ImageOrder order) {
  LayoutSpec spec;
  spec.component = plan::Component::vae;
  spec.wanted = [](std::string_view name) { return name.starts_with("decoder."); };
  spec.dtype = dtype;
  spec.bias_dtype = DType::f32;
  spec.image_order = order;
  return spec;
}

UnitLayouts lay_out(const ComponentFiles& files, const LayoutSpec& spec) {
  std::map<UnitKey, UnitLayout> units;
  for (const TensorSource& source : files.tensors()) {
    const std::string name(source.name);
    if (spec.wanted && !spec.wanted(name)) continue;
    TensorLayout tensor = tensor_of(name, files, spec.packings);
    if (tensor.sources.empty()) continue;
    tensor.shape = stacked_shape(tensor);
    tensor.dtype = dtype_of(tensor, spec);
    tensor.bytes =
        std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::uint64_t{dtype_bytes(tensor.dtype)},
                        [](std::uint64_t bytes, std::int64_t n) { return bytes * static_cast<std::uint64_t>(n); });
    tensor.order = spec.image_order;
    const UnitKey key = unit_of(tensor, spec.component);
    const auto unit = units.try_emplace(key, UnitLayout{unit_at(key, spec.component), {}}).first;
    append(unit->second, std::move(tensor));
  }
  UnitLayouts sorted;
  for (auto& [key, unit] : units) sorted.push_back(std::move(unit));
  return sorted;
}

UnitLayouts layouts_of(const Checkpoint& checkpoint, const plan::UnitTypes& types, ImageOrder vae_order) {
  UnitLayouts all = lay_out(checkpoint.text_encoder(), text_encoder_layout(types.model));
  for (UnitLayouts more : {lay_out(checkpoint.transformer(), transformer_layout(types.model)),
                           lay_out(checkpoint.vae(), vae_layout(types.vae, vae_order))}) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace zimage
