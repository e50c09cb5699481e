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

BlockBranches::BlockBranches(const ParamView& params, const TransformerConfig& config)
    : attention_(params.sub("attention")),
      feed_forward_(params.sub("feed_forward")),
      n_heads_(config.n_heads),
      branch_scale_(nn::normed_branch_scale(params.dtype())) {}

at::Tensor BlockBranches::attention(const at::Tensor& h, const kernels::RopeTable& rope) const {
  using kernels::RopePairs;
  const at::Tensor qkv = nn::linear(h, attention_["to_qkv.weight"]).unflatten(-1, {3, n_heads_, -1});
  const at::Tensor q =
      kernels::norm_rope(qkv.select(1, 0), {attention_["norm_q.weight"], kHeadNormEps}, rope, RopePairs::adjacent);
  const at::Tensor k =
      kernels::norm_rope(qkv.select(1, 1), {attention_["norm_k.weight"], kHeadNormEps}, rope, RopePairs::adjacent);
  const at::Tensor mixed = nn::attention(q, k, qkv.select(1, 2), nn::Mask::none);
  return nn::scaled_linear(mixed, attention_["to_out.0.weight"], branch_scale_.attention);
}

at::Tensor BlockBranches::feed_forward(const at::Tensor& h) const {
  const at::Tensor gate_up = nn::linear(h, feed_forward_["w13.weight"]);
  return nn::scaled_linear(kernels::silu_mul(gate_up, branch_scale_.ffn_product), feed_forward_["w2.weight"],
                           branch_scale_.ffn_output);
}

ModulatedBlock::ModulatedBlock(const ParamView& params, const TransformerConfig& config)
    : params_(params), branches_(params, config), norm_eps_(config.norm_eps) {}

void ModulatedBlock::forward_(const at::Tensor& x, const kernels::RopeTable& rope, const Modulation& m) const {
  const nn::BranchScale& scale = branches_.branch_scale();
  at::Tensor h =
      kernels::rms_norm(x, params_["attention_norm1.weight"] * m.attention_scale, norm_eps_, params_.dtype());
  kernels::add_rms_norm_(x, branches_.attention(h, rope), params_["attention_norm2.weight"] * m.attention_gate,
                         scaled_eps(norm_eps_, scale.attention));
  h = kernels::rms_norm(x, params_["ffn_norm1.weight"] * m.ffn_scale, norm_eps_, params_.dtype());
  kernels::add_rms_norm_(x, branches_.feed_forward(h), params_["ffn_norm2.weight"] * m.ffn_gate,
                         scaled_eps(norm_eps_, scale.ffn()));
}

ContextBlock::ContextBlock(const ParamView& params, const TransformerConfig& config)
    : params_(params), branches_(params, config), norm_eps_(config.norm_eps) {}

void ContextBlock::forward_(const at::Tensor& x, const kernels::RopeTable& rope) const {
  const nn::BranchScale& scale = branches_.branch_scale();
  at::Tensor h = kernels::rms_norm(x, params_["attention_norm1.weight"], norm_eps_, params_.dtype());
  kernels::add_rms_norm_(x, branches_.attention(h, rope), params_["attention_norm2.weight"],
                         scaled_eps(norm_eps_, scale.attention));
  h = kernels::rms_norm(x, params_["ffn_norm1.weight"], norm_eps_, params_.dtype());
  kernels::add_rms_norm_(x, branches_.feed_forward(h), params_["ffn_norm2.weight"], scaled_eps(norm_eps_, scale.ffn()));
}

}  // namespace zimage
