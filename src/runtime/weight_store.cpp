#include "runtime/weight_store.h"

#include "zimage/error.h"
#include "zimage/pipeline.h"

#include "runtime/scalar_type.h"
#include "runtime/tensor_reader.h"

namespace zimage {
namespace {

// One tensor to be: the files' tensors stacked in it, in order.
struct Slot {
  std::string name;
  std::vector<const TensorSource*> sources;
};

Slot make_slot(const std::string& name, const ComponentFiles& files, const std::vector<Packing>& packings) {
  for (const Packing& packing : packings) {
    for (std::size_t i = 0; i < packing.parts.size(); ++i) {
      if (!name.ends_with(packing.parts[i])) continue;
      if (i > 0) return {};  // placed with the first part
      const std::string stem = name.substr(0, name.size() - packing.parts[0].size());
      Slot slot{stem + packing.whole, {}};
      for (const std::string& part : packing.parts) slot.sources.push_back(files.find(stem + part));
      return slot;
    }
  }
  return {name, {files.find(name)}};
}

std::vector<std::int64_t> stacked_shape(const Slot& slot) {
  std::vector<std::int64_t> shape = slot.sources.front()->info->shape;
  if (shape.empty()) return shape;
  shape[0] = 0;
  for (const TensorSource* source : slot.sources) shape[0] += source->info->shape[0];
  return shape;
}

at::ScalarType slot_dtype(const Slot& slot, const LoadSpec& spec) {
  const bool is_norm = slot.sources.front()->info->shape.size() == 1 && !slot.name.ends_with(".bias");
  return is_norm ? spec.norm_dtype : spec.dtype;
}

}  // namespace

WeightStore::WeightStore(const ComponentFiles& files, const LoadSpec& spec, const LoadProgress& progress)
    : dtype_(spec.dtype), device_(spec.device) {
  TensorReader reader(spec.device);
  std::uint64_t bytes_read = 0;
  for (const TensorSource& source : files.tensors()) {
    const std::string name(source.name);
    if (spec.wanted && !spec.wanted(name)) continue;
    const Slot slot = make_slot(name, files, spec.packings);
    if (slot.sources.empty()) continue;
    at::Tensor whole = at::empty(stacked_shape(slot), at::device(spec.device).dtype(slot_dtype(slot, spec)));
    std::int64_t row = 0;
    for (const TensorSource* part : slot.sources) {
      const bool scalar = part->info->shape.empty();
      const std::int64_t rows = scalar ? 1 : part->info->shape[0];
      reader.read(*part, scalar ? whole : whole.narrow(0, row, rows));
      row += rows;
      bytes_read += part->info->bytes;
      if (progress && !progress(bytes_read)) throw Cancelled{};
    }
    tensors_.emplace(slot.name, std::move(whole));
  }
}

const at::Tensor& WeightStore::get(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(ErrorKind::model, "tensor " + name + " is missing");
  return found->second;
}

}  // namespace zimage
