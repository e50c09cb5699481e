// The S3-DiT block, as a view over resident weights: built, run, dropped.
// Source of the equations: Z-Image's ZImageTransformerBlock (diffusers, models/transformers/transformer_z_image.py).
#pragma once

#include "kernels/rope.h"
#include "nn/float16.h"
#include "plan/model_config.h"
#include "runtime/weight_store.h"

#include <vector>

namespace zimage {

// The norms around a block's two branches, each [dim] float32. A timestep's scales and gates are multiplied into them,
// which is all that it does to a block.
struct BlockNorms {
  at::Tensor attention_in;   // attention_norm1 · (1 + s_a)
  at::Tensor attention_out;  // attention_norm2 · tanh(g_a)
  at::Tensor ffn_in;         // ffn_norm1 · (1 + s_f)
  at::Tensor ffn_out;        // ffn_norm2 · tanh(g_f)
};

// As the weights have them: of a block without a timestep, the caption's refiner.
BlockNorms plain_norms(const ParamView& block);

// x += attention_out(attention(attention_in(x)));  x += ffn_out(ffn(ffn_in(x)))
class Block {
 public:
  Block(const ParamView& params, const TransformerConfig& config);

  // x: [N, dim] float32, updated in place; h: attention_in(x), [N, dim] of the weights' type; rope: [N, head_dim / 2].
  // Returns the following block's h: next_in, that block's attention_in, of the new x; undefined where next_in is.
  at::Tensor forward_(const at::Tensor& x, const at::Tensor& h, const kernels::RopeTable& rope, const BlockNorms& norms,
                      const at::Tensor& next_in) const;

 private:
  // h: [N, dim] of the weights' type. Returns [N, dim] of h's type, times branch_scale_.attention.
  at::Tensor attention(const at::Tensor& h, const kernels::RopeTable& rope) const;
  // Returns w2(silu(w1 h) · w3 h), [N, dim], times branch_scale_.ffn().
  at::Tensor feed_forward(const at::Tensor& h) const;

  ParamView attention_, feed_forward_;
  std::int64_t n_heads_;
  double norm_eps_;
  AttentionBackend backend_;
  nn::BranchScale branch_scale_;
};

// One block alone: x, [N, dim] float32, is updated in place.
void run_block_(const at::Tensor& x, const kernels::RopeTable& rope, const ParamView& block, const BlockNorms& norms,
                const TransformerConfig& config);

// x, [N, dim] float32, through the blocks `stack`.0, `stack`.1, ... in place, one for each of `norms`.
void run_blocks_(const at::Tensor& x, const kernels::RopeTable& rope, const ParamView& stack,
                 const std::vector<BlockNorms>& norms, const TransformerConfig& config);

}  // namespace zimage
