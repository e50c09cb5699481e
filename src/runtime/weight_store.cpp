#include "runtime/weight_store.h"

#include "zimage/error.h"

#include "runtime/scalar_type.h"

#include <algorithm>
#include <cassert>

namespace zimage {
namespace {

// What a vector load, or a matrix product's fastest kernel, asks of an address.
constexpr std::int64_t kAlignment = 256;

// One tensor to be: the files' tensors stacked in it, in order.
struct Slot {
  std::string name;
  std::vector<const TensorSource*> sources;
  std::vector<std::int64_t> shape;
  at::ScalarType dtype = at::kFloat;
  std::int64_t offset = 0, bytes = 0;  // in the store's allocation
};

Slot sources_of_slot(const std::string& name, const ComponentFiles& files, const std::vector<Packing>& packings) {
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
  if (slot.name.ends_with(".bias")) return spec.bias_dtype.value_or(spec.dtype);
  return slot.shape.size() == 1 ? spec.norm_dtype : spec.dtype;
}

// In the files' order, one behind the other.
std::vector<Slot> lay_out(const ComponentFiles& files, const LoadSpec& spec) {
  std::vector<Slot> slots;
  std::int64_t end = 0;
  for (const TensorSource& source : files.tensors()) {
    const std::string name(source.name);
    if (spec.wanted && !spec.wanted(name)) continue;
    Slot slot = sources_of_slot(name, files, spec.packings);
    if (slot.sources.empty()) continue;
    slot.shape = stacked_shape(slot);
    slot.dtype = slot_dtype(slot, spec);
    slot.offset = end;
    slot.bytes = c10::multiply_integers(slot.shape) * static_cast<std::int64_t>(c10::elementSize(slot.dtype));
    end += (slot.bytes + kAlignment - 1) / kAlignment * kAlignment;
    slots.push_back(std::move(slot));
  }
  return slots;
}

void append_pieces(std::vector<Piece>& pieces, const Slot& slot, std::byte* out) {
  const auto wanted_bytes = static_cast<std::int64_t>(c10::elementSize(slot.dtype));
  for (const TensorSource* source : slot.sources) {
    const auto stored_bytes = static_cast<std::int64_t>(dtype_bytes(source->info->dtype));
    const std::int64_t elements = static_cast<std::int64_t>(source->info->bytes) / stored_bytes;
    const std::int64_t step = kPieceBytes / stored_bytes;
    for (std::int64_t i = 0; i < elements; i += step) {
      pieces.push_back({.file = source->file,
                        .offset = source->info->offset + static_cast<std::uint64_t>(i * stored_bytes),
                        .elements = std::min(step, elements - i),
                        .stored = scalar_type(source->info->dtype),
                        .wanted = slot.dtype,
                        .out = out + i * wanted_bytes});
    }
    out += elements * wanted_bytes;
  }
}

// The same values in the same memory, in another order.
at::Tensor rearranged(const at::Tensor& weight, at::MemoryFormat format) {
  const at::Tensor ordered = weight.contiguous(format);
  if (ordered.is_same(weight)) return weight;
  return weight.as_strided(ordered.sizes(), ordered.strides()).copy_(ordered);
}

}  // namespace

WeightStore::WeightStore(const ComponentFiles& files, const LoadSpec& spec, WeightReader* reader)
    : dtype_(spec.dtype), device_(spec.device) {
  assert(reader == nullptr || reader->device() == spec.device);
  const std::vector<Slot> slots = lay_out(files, spec);
  const std::int64_t bytes = slots.empty() ? 0 : slots.back().offset + slots.back().bytes;
  const at::Tensor all = at::empty({bytes}, at::device(spec.device).dtype(at::kByte));
  std::vector<Piece> pieces;
  for (const Slot& slot : slots) {
    const at::Tensor own = all.narrow(0, slot.offset, slot.bytes);
    append_pieces(pieces, slot, static_cast<std::byte*>(own.data_ptr()));
    tensors_.emplace(slot.name, own.view(slot.dtype).view(slot.shape));
  }
  if (reader != nullptr) {
    reader->read(pieces);
  } else {
    WeightReader(spec.device).read(pieces);
  }
  for (auto& [name, tensor] : tensors_) {
    if (tensor.dim() == 4) tensor = rearranged(tensor, spec.image_format);
  }
}

const at::Tensor& WeightStore::get(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(ErrorKind::model, "tensor " + name + " is missing");
  return found->second;
}

}  // namespace zimage
