// How a component's weights lie in memory: which tensors are loaded, what is packed into one, in which type, and which
// unit each belongs to. From the files' headers alone; no torch.
#pragma once

#include "checkpoint/checkpoint.h"
#include "plan/unit.h"

#include <functional>
#include <optional>

namespace zimage {

// Tensors whose names end in `parts` become one, stacked on dimension 0, whose name ends in `whole`: q, k and v, or
// gate and up, so that one matrix product makes them all.
struct Packing {
  std::vector<std::string> parts;
  std::string whole;
};

// Of the weights of convolutions, which have four dimensions.
enum class ImageOrder { channels_first, channels_last };

struct LayoutSpec {
  plan::Component component = plan::Component::transformer;
  std::function<bool(std::string_view name)> wanted;  // empty: all
  std::vector<Packing> packings;
  DType dtype = DType::f32;
  DType vector_dtype = DType::f32;  // of vectors that are no bias
  std::optional<DType> bias_dtype;  // `dtype` unless given
  ImageOrder image_order = ImageOrder::channels_first;
};

// As the models want them. dtype: of the matrices.
LayoutSpec text_encoder_layout(DType dtype);
LayoutSpec transformer_layout(DType dtype);
LayoutSpec vae_layout(DType dtype, ImageOrder order);

// One tensor to be: the files' tensors stacked in it, in order. Valid as long as the files' listing.
struct TensorLayout {
  std::string name;
  std::vector<const TensorSource*> sources;
  std::vector<std::int64_t> shape;
  DType dtype = DType::f32;
  ImageOrder order = ImageOrder::channels_first;
  std::uint64_t offset = 0, bytes = 0;  // in its unit
};

struct UnitLayout {
  plan::Unit unit;
  std::vector<TensorLayout> tensors;
};

using UnitLayouts = std::vector<UnitLayout>;

// In the order of plan::Units: what is small, then what an image needs first.
UnitLayouts lay_out(const ComponentFiles& files, const LayoutSpec& spec);

// Of all components. vae_order: of the VAE's convolutions.
UnitLayouts layouts_of(const Checkpoint& checkpoint, const plan::UnitTypes& types, ImageOrder vae_order);

}  // namespace zimage
