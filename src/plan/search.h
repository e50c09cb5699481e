// Every way to run a problem that a policy allows, with what it takes. None depends on the budget, so a larger one
// never gives a slower plan.
#pragma once

#include "plan/movement.h"

namespace zimage::plan {

struct StageSeconds {
  double encode = 0, denoise = 0, decode = 0;

  double total() const { return encode + denoise + decode; }
};

struct Candidate {
  Residence residence;
  ActivationLevers activations;
  VaeLevers vae;
  std::uint64_t peak_bytes = 0;
  StageSeconds seconds;
};

class Search {
 public:
  Search(const Problem& problem, const Machine& machine, const Policy& policy);

  // The fastest with no stage above this many bytes; of equally fast ones the smallest. Nothing if none is so small.
  std::optional<Candidate> fastest(std::uint64_t peak_bytes) const;
  // The one that needs least, and of those the fastest.
  Candidate smallest() const;

 private:
  struct Activations {
    ActivationLevers levers;
    std::uint64_t bytes = 0;
    std::vector<double> seconds;  // of all evaluations, for each of the movements' rows
  };
  struct Decode {
    VaeLevers levers;
    std::uint64_t bytes = 0;
    double seconds = 0;
  };

  struct Choice;

  static Candidate candidate(const Choice& choice, const StageSeconds& seconds);
  void add(Activations added);
  template <class Action>
  void for_each(const Action& action) const;

  std::uint64_t fixed_bytes_ = 0;  // whatever is chosen
  int capability_ = 0;
  std::uint64_t encode_bytes_ = 0;
  std::vector<Movement> movements_;
  std::vector<Activations> activations_;
  std::vector<Decode> decodes_;
};

}  // namespace zimage::plan
