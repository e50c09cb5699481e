#include "models/transformer/block.h"

#include "kernels/rms_norm.h"
#include "kernels/silu_mul.h"
#include "nn/attention.h"
#include "nn/linear.h"

namespace zimage {
namespace {

// diffusers does not pass norm_eps to the norms of queries and keys.
constexpr double kHeadNormEps = 1e-5;

// The eps that makes an RMSNorm of scale · y equal scale-free RMSNorm of y.
double scaled_eps(double eps, double scale) { return eps * scale * scale; }

}  // namespace

BlockNorms plain_norms(const ParamView& block) {
  return {block["attention_norm1.weight"], block["attention_norm2.weight"], block["ffn_norm1.weight"],
          block["ffn_norm2.weight"]};
}

Block::Block(const ParamView& params, const TransformerConfig& config)
    : attention_(params.sub("attention")),
      feed_forward_(params.sub("feed_forward")),
      n_heads_(config.n_heads),
      norm_eps_(config.norm_eps),
      backend_(config.attention),
      branch_scale_(nn::normed_branch_scale(params.dtype())) {}

at::Tensor Block::attention(const at::Tensor& h, const kernels::RopeTable& rope) const {
  const at::Tensor qkv = nn::linear(h, attention_["to_qkv.weight"]).unflatten(-1, {3 * n_heads_, -1});
  kernels::norm_rope_(qkv, {n_heads_, n_heads_, attention_["norm_q.weight"], attention_["norm_k.weight"], kHeadNormEps},
                      rope, kernels::RopePairs::adjacent);
  const auto heads = qkv.chunk(3, 1);
  const at::Tensor mixed = nn::attention(heads[0], heads[1], heads[2], nn::Mask::none, backend_);
  return nn::scaled_linear(mixed, attention_["to_out.0.weight"], branch_scale_.attention);
}

at::Tensor Block::feed_forward(const at::Tensor& h) const {
  const at::Tensor gate_up = nn::linear(h, feed_forward_["w13.weight"]);
  return nn::scaled_linear(kernels::silu_mul(gate_up, branch_scale_.ffn_product), feed_forward_["w2.weight"],
                           branch_scale_.ffn_output);
}

at::Tensor Block::forward_(const at::Tensor& x, const at::Tensor& h, const kernels::RopeTable& rope,
                           const BlockNorms& norms, const at::Tensor& next_in) const {
  const double attention_eps = scaled_eps(norm_eps_, branch_scale_.attention);
  const double ffn_eps = scaled_eps(norm_eps_, branch_scale_.ffn());
  const at::Tensor g = kernels::add_norm_(x, attention(h, rope), {norms.attention_out, attention_eps},  //
                                          {norms.ffn_in, norm_eps_});
  return kernels::add_norm_(x, feed_forward(g), {norms.ffn_out, ffn_eps}, {next_in, norm_eps_});
}

void run_block_(const at::Tensor& x, const kernels::RopeTable& rope, const ParamView& block, const BlockNorms& norms,
                const TransformerConfig& config) {
  const at::Tensor h = kernels::rms_norm(x, {norms.attention_in, config.norm_eps}, block.dtype());
  Block(block, config).forward_(x, h, rope, norms, {});
}

void run_blocks_(const at::Tensor& x, const kernels::RopeTable& rope, const ParamView& stack,
                 const std::vector<BlockNorms>& norms, const TransformerConfig& config) {
  if (norms.empty()) return;
  at::Tensor h = kernels::rms_norm(x, {norms[0].attention_in, config.norm_eps}, stack.dtype());
  for (std::size_t i = 0; i < norms.size(); ++i) {
    const at::Tensor next_in = i + 1 < norms.size() ? norms[i + 1].attention_in : at::Tensor();
    h = Block(stack.sub(std::to_string(i)), config).forward_(x, h, rope, norms[i], next_in);
  }
}

}  // namespace zimage
