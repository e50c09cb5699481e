// The S3-DiT block, as a view over resident weights: built, run, dropped.
// Source of the equations: Z-Image's ZImageTransformerBlock (diffusers, models/transformers/transformer_z_image.py).
#pragma once

#include "models/transformer/positions.h"
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

  // What goes in: attention_in(x), [N, dim] of the weights' type; undefined under activation recompute.
  static at::Tensor input(const at::Tensor& x, const at::Tensor& attention_in, const TransformerConfig& config,
                          at::ScalarType dtype);

  // x: [N, dim] float32, updated in place; h: input() of it, given away; sequences: where the N tokens stand.
  // Returns the following block's h: next_in, that block's attention_in, of the new x; undefined where next_in is, and
  // under activation recompute.
  //
  // At most there live beside x, per token and in elements of the weights' type (F: the feed-forward's width):
  //   no lever                     max(4 dim: h or mixed beside q, k and v; 3 F: gate and up beside their product)
  //   rows_per_chunk = R           max(4 dim; dim: mixed, beside 3 F for R tokens)
  //   heads_per_slice = S of H     dim: mixed, beside 4 dim · S/H: the slice's q, k, v and result; and dim: h, which
  //                                under rows_per_chunk is of R tokens only
  // and where there is more than one sequence, one sequence's mixed beside all.
  at::Tensor forward_(const at::Tensor& x, at::Tensor h, const Sequences& sequences, const BlockNorms& norms,
                      const at::Tensor& next_in) const;

 private:
  struct Heads {
    std::int64_t first, count;
  };

  // All of these take h undefined where it is to be computed from x, a chunk of rows at a time.
  // The queries, keys and values of some heads beside each other: [N, 3 · heads.count, head_dim].
  at::Tensor queries_keys_values(const at::Tensor& x, const at::Tensor& h, const at::Tensor& norm, Heads heads) const;
  // What the heads make of them, within each sequence: [N, heads.count · head_dim].
  at::Tensor attend(const at::Tensor& qkv, const Sequences& sequences) const;
  at::Tensor mix_heads(const at::Tensor& x, at::Tensor h, const at::Tensor& norm, const Sequences& sequences,
                       Heads heads) const;
  // All heads': [N, dim].
  at::Tensor mix(const at::Tensor& x, at::Tensor h, const at::Tensor& norm, const Sequences& sequences) const;

  // From the attention's output projection to the block's end, for any rows of x and mixed.
  at::Tensor finish_(const at::Tensor& x, at::Tensor mixed, const BlockNorms& norms, const at::Tensor& next_in) const;
  // Returns w2(silu(w1 h) · w3 h), [N, dim], times branch_scale_.ffn().
  at::Tensor feed_forward(at::Tensor h) const;

  ParamView attention_, feed_forward_;
  std::int64_t n_heads_;
  double norm_eps_;
  AttentionBackend backend_;
  plan::ActivationLevers levers_;
  nn::BranchScale branch_scale_;
};

// One block alone: x, [N, dim] float32, is updated in place.
void run_block_(const at::Tensor& x, const Sequences& sequences, const ParamView& block, const BlockNorms& norms,
                const TransformerConfig& config);

// x, [N, dim] float32, through the blocks `stack`.0, `stack`.1, ... in place, one for each of `norms`.
void run_blocks_(const at::Tensor& x, const Sequences& sequences, const ParamView& stack,
                 const std::vector<BlockNorms>& norms, const TransformerConfig& config);

}  // namespace zimage
