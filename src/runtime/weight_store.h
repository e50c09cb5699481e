// One component's weights as tensors by name, views of the places that a run's weights have on its device.
#pragma once

#include "runtime/weights.h"

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <string>

namespace zimage {

// A component alone, all of it resident on one device.
struct LoadSpec {
  LayoutSpec layout;
  at::Device device = at::kCPU;
};

class WeightStore {
 public:
  // dtype: of its matrices. Names are known at once; what they hold is there once it is loaded, and while someone has a
  // lease on its unit.
  WeightStore(std::shared_ptr<Weights> weights, plan::Component component, at::ScalarType dtype);

  // Loads it, through `reader`, which is of the same device, or one for this store alone where it is null.
  // Throws Error(io), Error(memory), Cancelled.
  WeightStore(const ComponentFiles& files, const LoadSpec& spec, WeightReader* reader = nullptr);

  // Throws Error(model) for a name that was not loaded.
  const at::Tensor& get(const std::string& name) const;
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return weights_->device(); }

  // Throws Error(internal) for a unit that the component does not have.
  UnitIndex unit(const std::string& name) const;
  Lease acquire(const std::string& unit_name) const { return weights_->residency().acquire(unit(unit_name)); }

 private:
  std::shared_ptr<Weights> weights_;
  std::map<std::string, at::Tensor, std::less<>> tensors_;
  std::map<std::string, UnitIndex, std::less<>> units_;
  at::ScalarType dtype_;
};

// The parameters under a name prefix, as a block sees them.
class ParamView {
 public:
  ParamView(const WeightStore& store, std::string prefix = "") : store_(&store), prefix_(std::move(prefix)) {}

  ParamView sub(const std::string& name) const { return {*store_, prefix_ + name + "."}; }
  const at::Tensor& operator[](const std::string& name) const { return store_->get(prefix_ + name); }
  at::ScalarType dtype() const { return store_->dtype(); }
  at::Device device() const { return store_->device(); }
  // Of the unit by this name: a block's matrices have their block's.
  Lease acquire(const std::string& unit) const { return store_->acquire(prefix_ + unit); }

 private:
  const WeightStore* store_;
  std::string prefix_;
};

}  // namespace zimage
