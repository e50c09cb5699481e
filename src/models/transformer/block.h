// The S3-DiT blocks, as views over resident weights: built, run, dropped.
// Source of the equations: Z-Image's ZImageTransformerBlock (diffusers, models/transformers/transformer_z_image.py).
#pragma once

#include "kernels/rope.h"
#include "nn/float16.h"
#include "plan/model_config.h"
#include "runtime/weight_store.h"

namespace zimage {

// What the timestep does to one block: each [dim] float32.
struct Modulation {
  at::Tensor attention_scale;  // 1 + s_a
  at::Tensor attention_gate;   // tanh(g_a)
  at::Tensor ffn_scale;        // 1 + s_f
  at::Tensor ffn_gate;         // tanh(g_f)
};

// The attention and feed-forward branches that both kinds of block share.
class BlockBranches {
 public:
  BlockBranches(const ParamView& params, const TransformerConfig& config);

  // h: [N, dim] of the weights' type; rope: [N, head_dim / 2]. Returns [N, dim] of h's type, times
  // branch_scale().attention.
  at::Tensor attention(const at::Tensor& h, const kernels::RopeTable& rope) const;

  // h: [N, dim]. Returns w2(silu(w1 h) · w3 h), [N, dim], times branch_scale().ffn().
  at::Tensor feed_forward(const at::Tensor& h) const;

  const nn::BranchScale& branch_scale() const { return branch_scale_; }

 private:
  ParamView attention_, feed_forward_;
  std::int64_t n_heads_;
  nn::BranchScale branch_scale_;
};

// x += gate_a · norm2(attention(norm1(x) · scale_a));  x += gate_f · norm2(ffn(norm1(x) · scale_f))
class ModulatedBlock {
 public:
  ModulatedBlock(const ParamView& params, const TransformerConfig& config);
  // x: [N, dim] float32, updated in place.
  void forward_(const at::Tensor& x, const kernels::RopeTable& rope, const Modulation& modulation) const;

 private:
  ParamView params_;
  BlockBranches branches_;
  double norm_eps_;
};

// The same without a timestep: the caption's refiner.
class ContextBlock {
 public:
  ContextBlock(const ParamView& params, const TransformerConfig& config);
  // x: [N, dim] float32, updated in place.
  void forward_(const at::Tensor& x, const kernels::RopeTable& rope) const;

 private:
  ParamView params_;
  BlockBranches branches_;
  double norm_eps_;
};

}  // namespace zimage
