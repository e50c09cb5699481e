// How long the work of each stage takes on a machine: operations and bytes over sustained rates. Weights' way over the
// link is plan/stream.h's.
#pragma once

#include "plan/plan.h"

namespace zimage::plan {

// Seconds of computation alone.
struct BlockSeconds {
  double refiner = 0;  // of the noise's, on the image's tokens
  double layer = 0;    // of the transformer, on the joint sequence
};

double text_layer_seconds(const Problem& problem, const Machine& machine);
double caption_block_seconds(const Problem& problem, const Machine& machine);
BlockSeconds block_seconds(const Problem& problem, const Machine& machine, const ActivationLevers& levers);
// What an evaluation takes beside its blocks.
double evaluation_overhead(const Problem& problem);
double decode_seconds(const Problem& problem, const Machine& machine, const VaeLevers& levers);

}  // namespace zimage::plan
