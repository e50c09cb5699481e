// One component's weights as tensors on one device, converted while they are read.
#pragma once

#include "checkpoint/checkpoint.h"
#include "runtime/weight_reader.h"

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zimage {

// Tensors whose names end in `parts` become one, stacked on dimension 0, whose name ends in `whole`: q, k and v, or
// gate and up, so that one matrix product makes them all.
struct Packing {
  std::vector<std::string> parts;
  std::string whole;
};

struct LoadSpec {
  std::function<bool(std::string_view name)> wanted;  // what is never used is never read
  std::vector<Packing> packings;
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  at::ScalarType norm_dtype = at::kFloat;                        // of vectors that are no bias
  std::optional<at::ScalarType> bias_dtype;                      // `dtype` unless given
  at::MemoryFormat image_format = at::MemoryFormat::Contiguous;  // of convolutions' weights
};

// All tensors are views of one allocation: hundreds of their own would take longer and waste the rest of their pages.
class WeightStore {
 public:
  // Through `reader`, which is of the same device, or one for this store alone where it is null.
  // Host memory beyond the weights themselves: the reader's. Throws Error(io), Error(memory), Cancelled.
  WeightStore(const ComponentFiles& files, const LoadSpec& spec, WeightReader* reader = nullptr);

  // Throws Error(model) for a name that was not loaded.
  const at::Tensor& get(const std::string& name) const;
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return device_; }

 private:
  std::map<std::string, at::Tensor, std::less<>> tensors_;
  at::ScalarType dtype_;
  at::Device device_;
};

// The parameters under a name prefix, as a block sees them.
class ParamView {
 public:
  ParamView(const WeightStore& store, std::string prefix = "") : store_(&store), prefix_(std::move(prefix)) {}

  ParamView sub(const std::string& name) const { return {*store_, prefix_ + name + "."}; }
  const at::Tensor& operator[](const std::string& name) const { return store_->get(prefix_ + name); }
  at::ScalarType dtype() const { return store_->dtype(); }
  at::Device device() const { return store_->device(); }

 private:
  const WeightStore* store_;
  std::string prefix_;
};

}  // namespace zimage
