#include "runtime/weights.h"

#include "zimage/error.h"

#include "base/log.h"
#include "checkpoint/units.h"
#include "runtime/scalar_type.h"

#include <algorithm>
#include <future>
#include <map>

namespace zimage {
namespace {

// Enough to read a file from memory as fast as it can be converted; each has 4 MiB on the device.
constexpr std::size_t kStreamThreads = 8;

bool streams(const plan::Arena& arena) {
  return std::any_of(arena.places.begin(), arena.places.end(), [](const plan::Place& p) { return !p.resident; });
}

// Units that take turns and have no memory on the host.
std::vector<UnitIndex> units_from_files(const HostWeights& host, const plan::Arena& arena) {
  std::vector<UnitIndex> units;
  for (UnitIndex i = 0; i < arena.places.size(); ++i) {
    if (!arena.places[i].resident && !host.holds(i)) units.push_back(i);
  }
  return units;
}

WeightPlan checked(WeightPlan plan, const UnitLayouts& units) {
  const std::vector<plan::Place>& places = plan.arena.places;
  if (places.size() != units.size()) throw Error(ErrorKind::internal, "a memory plan of another model");
  for (UnitIndex i = 0; i < units.size(); ++i) {
    const plan::Unit& unit = units[i].unit;
    if (places[i].offset + unit.bytes > plan.arena.bytes) {
      throw Error(ErrorKind::internal, "the place of " + unit.name + " is not in the arena");
    }
    if (unit.use == plan::Use::always && unit.component != plan::Component::vae && !places[i].resident) {
      throw Error(ErrorKind::internal, "what is always in use has no place of its own");
    }
  }
  return plan;
}

void append_pieces(std::vector<Piece>& pieces, const TensorLayout& tensor, std::byte* out) {
  const auto wanted_bytes = static_cast<std::int64_t>(dtype_bytes(tensor.dtype));
  for (const TensorSource* source : tensor.sources) {
    const auto stored_bytes = static_cast<std::int64_t>(dtype_bytes(source->info->dtype));
    const std::int64_t elements = static_cast<std::int64_t>(source->info->bytes) / stored_bytes;
    const bool is_float8 = source->info->dtype == DType::f8_e4m3;
    const std::int64_t step = kPieceBytes / (is_float8 ? wanted_bytes : stored_bytes);
    for (std::int64_t i = 0; i < elements; i += step) {
      pieces.push_back({.file = source->file,
                        .offset = source->info->offset + static_cast<std::uint64_t>(i * stored_bytes),
                        .elements = std::min(step, elements - i),
                        .stored = scalar_type(is_float8 ? tensor.dtype : source->info->dtype),
                        .wanted = scalar_type(tensor.dtype),
                        .out = out + i * wanted_bytes,
                        .float8_scale = is_float8 ? std::optional(source->scale) : std::nullopt});
    }
    out += elements * wanted_bytes;
  }
}

// File by file, each from its beginning to its end: as disks like it.
void sort_by_file(std::vector<Piece>& pieces) {
  std::map<const io::ReadFile*, std::size_t> order;
  for (const Piece& piece : pieces) order.try_emplace(piece.file, order.size());
  std::stable_sort(pieces.begin(), pieces.end(), [&](const Piece& a, const Piece& b) {
    return std::pair(order[a.file], a.offset) < std::pair(order[b.file], b.offset);
  });
}

void warn_of_conversions(const UnitLayouts& units, const std::vector<UnitIndex>& from_files) {
  for (const UnitIndex i : from_files) {
    for (const TensorLayout& tensor : units[i].tensors) {
      if (tensor.sources.front()->info->dtype != DType::f32 || tensor.dtype == DType::f32) continue;
      log::warning(
          "host memory is short: weights are read from their files for each image, as float32; "
          "a checkpoint converted to 16 bit would need half as much");
      return;
    }
  }
}

}  // namespace

std::unique_ptr<Transfers> make_transfers(const plan::Units& units, const WeightPlan& plan) {
  if (!streams(plan.arena)) return host_transfers();
  if (plan.device.is_cpu()) return threaded(host_transfers());
  const HostWeights host(units, plan.arena, plan.host.weight_bytes);
  auto transfers = cuda_transfers(plan.device);
  return units_from_files(host, plan.arena).empty() ? std::move(transfers) : threaded(std::move(transfers));
}

Weights::Weights(UnitLayouts units, WeightPlan plan, std::unique_ptr<Transfers> transfers)
    : units_(std::move(units)),
      plan_(checked(std::move(plan), units_)),
      host_(units_of(units_), plan_.arena, plan_.host.weight_bytes),
      arena_(at::empty({static_cast<std::int64_t>(plan_.arena.bytes)}, at::device(plan_.device).dtype(at::kByte))),
      transfers_(std::move(transfers)),
      loaded_(transfers_->make_event()),
      residency_(units_of(units_), plan_.arena, *transfers_, *this) {
  const std::vector<UnitIndex> from_files = units_from_files(host_, plan_.arena);
  if (from_files.empty()) return;
  file_reader_ = std::make_unique<WeightReader>(plan_.device, kStreamThreads);
  warn_of_conversions(units_, from_files);
}

Weights::~Weights() { transfers_->settle(); }

void Weights::load(plan::Component component, WeightReader& reader) {
  load_resident(component, reader);
  std::vector<UnitIndex> moving;
  for (UnitIndex i = 0; i < units_.size(); ++i) {
    if (units_[i].unit.component == component && host_.holds(i)) moving.push_back(i);
  }
  std::future<void> allocated;  // pinned while the unit before it is read
  const auto allocate = [&](std::size_t i) {
    allocated = std::async(std::launch::async, [this, unit = moving[i]] { host_.allocate(unit, plan_.device); });
  };
  if (!moving.empty()) allocate(0);
  for (std::size_t i = 0; i < moving.size(); ++i) {
    allocated.get();
    if (i + 1 < moving.size()) allocate(i + 1);
    load_moving(moving[i], reader);
  }
  transfers_->record(loaded_, Queue::copy);
  transfers_->wait(loaded_, Queue::compute);  // throws if what the host shall hold has not reached it
}

void Weights::load_resident(plan::Component component, WeightReader& reader) {
  std::vector<Piece> pieces;
  std::vector<UnitIndex> units;
  for (UnitIndex i = 0; i < units_.size(); ++i) {
    if (units_[i].unit.component != component || !plan_.arena.places[i].resident) continue;
    const std::vector<Piece> own = pieces_of(i);
    pieces.insert(pieces.end(), own.begin(), own.end());
    units.push_back(i);
  }
  sort_by_file(pieces);
  reader.read(pieces);
  for (const UnitIndex i : units) arrange(i);
}

void Weights::load_moving(UnitIndex unit, WeightReader& reader) {
  residency_.overwrite(unit);
  reader.read(pieces_of(unit));
  arrange(unit);
  transfers_->record(loaded_, Queue::compute);
  transfers_->wait(loaded_, Queue::copy);
  transfers_->copy(host_.data(unit), place(unit), units_[unit].unit.bytes);
  residency_.filled(unit);
}

void Weights::upload(UnitIndex unit) {
  if (host_.holds(unit)) {
    transfers_->copy(place(unit), host_.data(unit), units_[unit].unit.bytes);
    return;
  }
  transfers_->run([this, unit] {
    file_reader_->read(pieces_of(unit));
    arrange(unit);
  });
}

at::Tensor Weights::tensor(UnitIndex unit, const TensorLayout& layout) const {
  const auto offset = static_cast<std::int64_t>(plan_.arena.places[unit].offset + layout.offset);
  const at::Tensor flat = arena_.narrow(0, offset, static_cast<std::int64_t>(layout.bytes));
  const at::Tensor whole = flat.view(scalar_type(layout.dtype)).view(layout.shape);
  if (whole.dim() != 4 || layout.order == ImageOrder::channels_first) return whole;
  const at::IntArrayRef shape = layout.shape;
  return whole.view({shape[0], shape[2], shape[3], shape[1]}).permute({0, 3, 1, 2});
}

// The files have convolutions' weights channels first.
void Weights::arrange(UnitIndex unit) const {
  for (const TensorLayout& layout : units_[unit].tensors) {
    if (layout.shape.size() != 4 || layout.order == ImageOrder::channels_first) continue;
    TensorLayout as_read = layout;
    as_read.order = ImageOrder::channels_first;
    tensor(unit, layout).copy_(tensor(unit, as_read).clone());
  }
}

std::byte* Weights::place(UnitIndex unit) const {
  return static_cast<std::byte*>(arena_.data_ptr()) + plan_.arena.places[unit].offset;
}

std::vector<Piece> Weights::pieces_of(UnitIndex unit) const {
  std::vector<Piece> pieces;
  for (const TensorLayout& tensor : units_[unit].tensors) append_pieces(pieces, tensor, place(unit) + tensor.offset);
  return pieces;
}

}  // namespace zimage
