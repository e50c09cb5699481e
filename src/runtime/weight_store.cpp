#include "runtime/weight_store.h"

#include "zimage/error.h"

#include "checkpoint/units.h"
#include "runtime/scalar_type.h"

#include <optional>

namespace zimage {
namespace {

std::shared_ptr<Weights> load_alone(const ComponentFiles& files, const LoadSpec& spec, WeightReader* reader) {
  UnitLayouts layouts = lay_out(files, spec.layout);
  const plan::Units units = units_of(layouts);
  const WeightPlan plan{plan::all_resident(units), {}, spec.device};
  auto weights = std::make_shared<Weights>(std::move(layouts), plan, make_transfers(units, plan));
  std::optional<WeightReader> own;
  weights->load(spec.layout.component, reader != nullptr ? *reader : own.emplace(spec.device));
  return weights;
}

}  // namespace

WeightStore::WeightStore(std::shared_ptr<Weights> weights, plan::Component component, at::ScalarType dtype)
    : weights_(std::move(weights)), dtype_(dtype) {
  for (UnitIndex i = 0; i < weights_->units().size(); ++i) {
    const UnitLayout& layout = weights_->units()[i];
    if (layout.unit.component != component) continue;
    units_.emplace(layout.unit.name, i);
    for (const TensorLayout& tensor : layout.tensors) tensors_.emplace(tensor.name, weights_->tensor(i, tensor));
  }
}

WeightStore::WeightStore(const ComponentFiles& files, const LoadSpec& spec, WeightReader* reader)
    : WeightStore(load_alone(files, spec, reader), spec.layout.component, scalar_type(spec.layout.dtype)) {}

const at::Tensor& WeightStore::get(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(ErrorKind::model, "tensor " + name + " is missing");
  return found->second;
}

UnitIndex WeightStore::unit(const std::string& name) const {
  const auto found = units_.find(name);
  if (found == units_.end()) throw Error(ErrorKind::internal, "unit " + name + " is missing");
  return found->second;
}

}  // namespace zimage
