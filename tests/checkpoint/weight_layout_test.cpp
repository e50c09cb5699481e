// What is a unit, and where its tensors lie.
#include "checkpoint/weight_layout.h"

#include "checkpoint/units.h"
#include "support/checkpoint_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace zimage {
namespace {

const UnitLayout& unit_named(const UnitLayouts& units, std::string_view name) {
  const auto found = std::find_if(units.begin(), units.end(), [&](const UnitLayout& u) { return u.unit.name == name; });
  if (found == units.end()) throw std::out_of_range(std::string(name));
  return *found;
}

const TensorLayout* tensor_named(const UnitLayout& unit, const std::string& name) {
  const auto found =
      std::find_if(unit.tensors.begin(), unit.tensors.end(), [&](const TensorLayout& t) { return t.name == name; });
  return found == unit.tensors.end() ? nullptr : &*found;
}

class WeightLayoutOf : public testing::Test {
 protected:
  test::TempDir dir_;
  Checkpoint checkpoint_{test::write_checkpoint(dir_)};
};

TEST_F(WeightLayoutOf, units_stand_in_the_order_of_use) {
  std::vector<std::string> names;
  for (const plan::Unit& unit : units_of(checkpoint_, {DType::f16, DType::bf16})) names.push_back(unit.name);
  const std::vector<std::string> expected{"rest",     "layers.0",  // text encoder
                                          "rest",     "modulation", "context_refiner.0", "noise_refiner.0",
                                          "layers.0",  // transformer
                                          "rest"};     // VAE
  EXPECT_EQ(names, expected);
}

TEST_F(WeightLayoutOf, each_unit_knows_when_it_is_used) {
  using plan::Component, plan::Use;
  std::vector<std::pair<Component, Use>> uses;
  for (const plan::Unit& unit : units_of(checkpoint_, {})) uses.emplace_back(unit.component, unit.use);
  const std::vector<std::pair<Component, Use>> expected{
      {Component::text_encoder, Use::always},    {Component::text_encoder, Use::prompt},
      {Component::transformer, Use::always},     {Component::transformer, Use::schedule},
      {Component::transformer, Use::prompt},     {Component::transformer, Use::evaluation},
      {Component::transformer, Use::evaluation}, {Component::vae, Use::always}};
  EXPECT_EQ(uses, expected);
}

TEST_F(WeightLayoutOf, a_layer_holds_its_packed_matrices_in_the_type_asked_each_on_a_boundary) {
  const UnitLayouts units = lay_out(checkpoint_.text_encoder(), text_encoder_layout(DType::f16));
  const UnitLayout& layer = unit_named(units, "layers.0");
  EXPECT_EQ(layer.tensors.size(), 4);  // qkv, o, gate and up, down
  EXPECT_EQ(layer.unit.bytes, 4 * 256);
  const TensorLayout* qkv = tensor_named(layer, "layers.0.self_attn.qkv_proj.weight");
  ASSERT_NE(qkv, nullptr);
  EXPECT_EQ(qkv->shape, (std::vector<std::int64_t>{4 + 2 + 2, 4}));
  EXPECT_EQ(qkv->bytes, 8 * 4 * 2);
  EXPECT_EQ(qkv->sources.size(), 3);
  EXPECT_EQ(qkv->sources[1]->name, "layers.0.self_attn.k_proj.weight");
  for (std::size_t i = 0; i < layer.tensors.size(); ++i) EXPECT_EQ(layer.tensors[i].offset, i * 256);
}

TEST_F(WeightLayoutOf, vectors_stay_float32_and_resident) {
  const UnitLayouts units = lay_out(checkpoint_.transformer(), transformer_layout(DType::f16));
  const TensorLayout* norm = tensor_named(unit_named(units, "rest"), "layers.0.attention_norm1.weight");
  ASSERT_NE(norm, nullptr);
  EXPECT_EQ(norm->dtype, DType::f32);
  const TensorLayout* modulation = tensor_named(unit_named(units, "modulation"), "layers.0.adaLN_modulation.0.weight");
  ASSERT_NE(modulation, nullptr);
  EXPECT_EQ(modulation->dtype, DType::f16);
  EXPECT_NE(tensor_named(unit_named(units, "modulation"), "noise_refiner.0.adaLN_modulation.0.bias"), nullptr);
  EXPECT_NE(tensor_named(unit_named(units, "rest"), "all_final_layer.2-1.adaLN_modulation.1.weight"), nullptr);
}

TEST_F(WeightLayoutOf, every_stored_tensor_is_laid_out_once) {
  for (const auto& [files, spec, left_out] :
       {std::tuple{&checkpoint_.text_encoder(), text_encoder_layout(DType::f32), 1},  // the embedding
        {&checkpoint_.transformer(), transformer_layout(DType::f32), 0},
        {&checkpoint_.vae(), vae_layout(DType::f32, ImageOrder::channels_last), 0}}) {
    std::vector<std::string_view> sources;
    for (const UnitLayout& unit : lay_out(*files, spec)) {
      for (const TensorLayout& tensor : unit.tensors) {
        for (const TensorSource* source : tensor.sources) sources.push_back(source->name);
      }
    }
    std::sort(sources.begin(), sources.end());
    EXPECT_EQ(std::adjacent_find(sources.begin(), sources.end()), sources.end());
    EXPECT_EQ(sources.size() + left_out, files->tensors().size());
  }
}

}  // namespace
}  // namespace zimage
