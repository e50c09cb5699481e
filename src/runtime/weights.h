// All weights of a run: one allocation on its device, in which every unit has its place, and what holds those that take
// turns in theirs.
#pragma once

#include "checkpoint/weight_layout.h"
#include "plan/plan.h"
#include "runtime/host_weights.h"
#include "runtime/residency.h"
#include "runtime/weight_reader.h"

#include <memory>

namespace zimage {

// Where weights shall be. arena: a place for every unit.
struct WeightPlan {
  plan::Arena arena;
  plan::HostPlan host;
  at::Device device = at::kCPU;
};

// How the units that take turns get to their places under this plan.
std::unique_ptr<Transfers> make_transfers(const plan::Units& units, const WeightPlan& plan);

class Weights final : private UnitSource {
 public:
  // Takes the device's memory. The layouts' files stay open as long as this lives where units come from them each time,
  // else until all is loaded. Throws c10::Error, Error(internal) where a resident unit's place is not its own.
  Weights(UnitLayouts units, WeightPlan plan, std::unique_ptr<Transfers> transfers);
  ~Weights() override;

  // Brings a component's units from their files to their places; those that do not stay, on into host memory.
  // `reader` is of the same device. Throws Error(io), Error(memory), Cancelled.
  void load(plan::Component component, WeightReader& reader);

  const UnitLayouts& units() const { return units_; }
  at::Device device() const { return plan_.device; }
  // A unit's tensor in the unit's place: what it holds is the unit's while someone has a lease on it.
  at::Tensor tensor(UnitIndex unit, const TensorLayout& layout) const;
  Residency& residency() { return residency_; }
  const HostWeights& host() const { return host_; }

 private:
  void upload(UnitIndex unit) override;
  void load_resident(plan::Component component, WeightReader& reader);
  void load_moving(UnitIndex unit, WeightReader& reader);
  void arrange(UnitIndex unit) const;
  std::byte* place(UnitIndex unit) const;
  std::vector<Piece> pieces_of(UnitIndex unit) const;

  UnitLayouts units_;
  WeightPlan plan_;
  HostWeights host_;
  at::Tensor arena_;
  std::unique_ptr<WeightReader> file_reader_;  // for units that come from their files each time
  std::unique_ptr<Transfers> transfers_;       // behind all that it copies
  Transfers::Event loaded_ = 0;
  Residency residency_;
};

}  // namespace zimage
