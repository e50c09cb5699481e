// How many images share the transformer's evaluations: every way to run a problem, for each number that a policy
// allows. Where weights stream, images of a batch share a trip; where images are small, they fill the device together.
#pragma once

#include "plan/search.h"

namespace zimage::plan {

struct BatchCandidate {
  const Problem* problem = nullptr;  // with its batch; the search's
  Candidate candidate;
};

class BatchSearch {
 public:
  BatchSearch(const Problem& problem, const Machine& machine, const Policy& policy);
  BatchSearch(const BatchSearch&) = delete;
  BatchSearch& operator=(const BatchSearch&) = delete;

  // The least seconds per image with no stage above this many bytes. Of batches that are as good to within 2 % the
  // smallest, so that a crash loses little; which makes a larger budget slower by as much at most.
  std::optional<BatchCandidate> fastest(std::uint64_t peak_bytes) const;
  // What needs least: no batch.
  BatchCandidate smallest() const;

 private:
  std::vector<Problem> problems_;  // in the order of their batches
  std::vector<Search> searches_;
};

}  // namespace zimage::plan
