// The plan: how a run keeps within its budget, what it will take and how long it will last. Pure arithmetic.
#pragma once

#include "zimage/pipeline.h"

#include "plan/arena.h"
#include "plan/levers.h"
#include "plan/machine.h"
#include "plan/model_config.h"
#include "plan/unit.h"

#include <optional>

namespace zimage::plan {

struct ModelShape {
  TextEncoderConfig text_encoder;
  TransformerConfig transformer;
  VaeConfig vae;
};

// The images that a plan shall serve.
struct ImageShape {
  std::int64_t width = 1024, height = 1024;  // pixels
  std::int64_t prompt_tokens = 512;          // at most
  std::int64_t evaluations = 8;              // of the transformer, twice that with guidance
  bool guided = false;
  std::int64_t batch = 1;  // images in one evaluation
};

struct Problem {
  ModelShape model;
  Units units;
  UnitTypes types;
  ImageShape image;
};

// What the user allows: a value for each lever, or nothing for auto.
struct Policy {
  std::optional<std::uint64_t> budget_bytes;       // nothing: what is free, less a headroom
  std::optional<std::uint64_t> host_budget_bytes;  // nothing: what is available, less a headroom
  std::optional<CpuOffload> cpu_offload;
  std::optional<std::int64_t> heads_per_slice;  // 0: off
  std::optional<bool> activation_recompute;
  std::optional<VaeTiling> vae_tiling;
  bool allow_approximate = false;  // auto may choose VAE tiles
  std::int64_t max_batch = 1;      // above 1 the plan says how many images share an evaluation
};

// A stage's largest need of device memory, by kind, in bytes.
struct PeakBytes {
  std::uint64_t weights = 0, slots = 0, activations = 0, workspace = 0, context = 0;

  std::uint64_t total() const { return weights + slots + activations + workspace + context; }
};

struct StagePlan {
  Stage stage = Stage::encode;
  PeakBytes peak;
  std::uint64_t resident_bytes = 0, streamed_bytes = 0;  // the stage's weights; streamed: over the link, per batch
  double seconds = 0;                                    // per image
};

// What holds weights that are not resident.
struct HostPlan {
  std::uint64_t weight_bytes = 0;     // in host memory, pinned where the system allows it
  std::uint64_t from_file_bytes = 0;  // streamed from their files each time, where host memory is short
};

struct Plan {
  std::uint64_t budget_bytes = 0;
  std::int64_t batch = 1;  // images in one evaluation, of a window's
  Levers levers;
  Arena arena;
  std::vector<StagePlan> stages;  // encode, denoise, decode
  HostPlan host;

  std::uint64_t peak_bytes() const;
  double seconds() const;
};

// Nothing fits.
struct Shortfall {
  std::uint64_t budget_bytes = 0, missing_bytes = 0;
  Plan closest;            // the plan that needs least
  std::string suggestion;  // the cheapest change that would fit
};

struct Outcome {
  std::optional<Plan> plan;
  std::optional<Shortfall> shortfall;  // where there is no plan
};

// The fastest plan that fits; a larger budget never makes it slower.
Outcome make_plan(const Problem& problem, const Machine& machine, const Policy& policy);

// The same plan with what each stage takes of problem's images: of its batch, with prompts of exactly its number of
// tokens; or of the plan's batch, with any of at most as many.
Plan for_image(const Plan& plan, const Problem& problem, const Machine& machine);
Plan for_images(const Plan& plan, const Problem& problem, const Machine& machine);

// Every plan worth having between the one that needs most and the one that needs least, the fastest first: each next
// one needs less memory and takes longer. An image that ran out of memory goes one down.
std::vector<Plan> plan_ladder(const Problem& problem, const Machine& machine, const Policy& policy);

}  // namespace zimage::plan
