#include "models/transformer/block.h"

#include "kernels/linear_silu_mul.h"
#include "kernels/rms_norm.h"
#include "nn/attention.h"
#include "nn/chunks.h"
#include "nn/linear.h"

namespace zimage {
namespace {

// diffusers does not pass norm_eps to the norms of queries and keys.
constexpr double kHeadNormEps = 1e-5;
// Of attention as products and softmax, under attention slicing: 64 MiB in float32.
constexpr std::int64_t kSlicedScores = 1 << 24;

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
      levers_(config.levers),
      branch_scale_(nn::normed_branch_scale(params.dtype())) {}

at::Tensor Block::input(const at::Tensor& x, const at::Tensor& attention_in, const TransformerConfig& config,
                        at::ScalarType dtype) {
  if (config.levers.rows_per_chunk > 0) return {};
  return kernels::rms_norm(x, {attention_in, config.norm_eps}, dtype);
}

at::Tensor Block::queries_keys_values(const at::Tensor& x, const at::Tensor& h, const at::Tensor& norm,
                                      Heads heads) const {
  const at::Tensor& weight = attention_["to_qkv.weight"];
  if (h.defined() && heads.count == n_heads_) return nn::linear(h, weight).unflatten(-1, {3 * n_heads_, -1});
  const at::Tensor rows = weight.view({3, n_heads_, -1, weight.size(1)}).narrow(1, heads.first, heads.count);
  const std::int64_t tokens = x.size(0), columns = heads.count * rows.size(2);
  const at::Tensor qkv = at::empty({tokens, 3 * columns}, weight.options());
  const auto project = [&](std::int64_t first, const at::Tensor& part) {
    const at::Tensor to = qkv.narrow(0, first, part.size(0));
    for (std::int64_t i = 0; i < 3; ++i) {
      at::Tensor out = to.narrow(1, i * columns, columns);
      at::mm_out(out, part, rows[i].view({columns, -1}).t());
    }
  };
  if (h.defined()) {
    project(0, h);
  } else {
    nn::for_each_chunk(tokens, levers_.rows_per_chunk, [&](std::int64_t first, std::int64_t count) {
      project(first, kernels::rms_norm(x.narrow(0, first, count), {norm, norm_eps_}, weight.scalar_type()));
    });
  }
  return qkv.unflatten(-1, {3 * heads.count, -1});
}

at::Tensor Block::attend(const at::Tensor& qkv, const Sequences& sequences) const {
  const std::int64_t max_scores = levers_.heads_per_slice > 0 ? kSlicedScores : nn::kAllScores;
  const auto within = [&](const at::Tensor& rows) {
    const auto parts = rows.chunk(3, 1);
    return nn::attention(parts[0], parts[1], parts[2], nn::Mask::none, backend_, max_scores);
  };
  if (sequences.lengths.size() == 1) return within(qkv);
  const at::Tensor mixed = at::empty({qkv.size(0), qkv.size(1) / 3 * qkv.size(2)}, qkv.options());
  std::int64_t first = 0;
  for (const std::int64_t tokens : sequences.lengths) {
    mixed.narrow(0, first, tokens).copy_(within(qkv.narrow(0, first, tokens)));
    first += tokens;
  }
  return mixed;
}

at::Tensor Block::mix_heads(const at::Tensor& x, at::Tensor h, const at::Tensor& norm, const Sequences& sequences,
                            Heads heads) const {
  const at::Tensor qkv = queries_keys_values(x, h, norm, heads);
  h.reset();
  kernels::norm_rope_(
      qkv, {heads.count, heads.count, attention_["norm_q.weight"], attention_["norm_k.weight"], kHeadNormEps},
      sequences.rope, kernels::RopePairs::adjacent);
  return attend(qkv, sequences);
}

at::Tensor Block::mix(const at::Tensor& x, at::Tensor h, const at::Tensor& norm, const Sequences& sequences) const {
  const std::int64_t slice = levers_.heads_per_slice;
  if (slice == 0 || slice >= n_heads_) return mix_heads(x, std::move(h), norm, sequences, {0, n_heads_});
  const at::Tensor mixed = at::empty(x.sizes(), x.options().dtype(attention_.dtype()));
  const std::int64_t head_dim = x.size(1) / n_heads_;
  nn::for_each_chunk(n_heads_, slice, [&](std::int64_t first, std::int64_t count) {
    mixed.narrow(1, first * head_dim, count * head_dim).copy_(mix_heads(x, h, norm, sequences, {first, count}));
  });
  return mixed;
}

at::Tensor Block::feed_forward(at::Tensor h) const {
  const at::Tensor product =
      kernels::linear_silu_mul(std::move(h), feed_forward_["w13.weight"], branch_scale_.ffn_product);
  return nn::scaled_linear(product, feed_forward_["w2.weight"], branch_scale_.ffn_output);
}

at::Tensor Block::finish_(const at::Tensor& x, at::Tensor mixed, const BlockNorms& norms,
                          const at::Tensor& next_in) const {
  const double attention_eps = scaled_eps(norm_eps_, branch_scale_.attention);
  const double ffn_eps = scaled_eps(norm_eps_, branch_scale_.ffn());
  at::Tensor out = nn::scaled_linear(mixed, attention_["to_out.0.weight"], branch_scale_.attention);
  mixed.reset();
  at::Tensor g = kernels::add_norm_(x, out, {norms.attention_out, attention_eps}, {norms.ffn_in, norm_eps_});
  out.reset();
  return kernels::add_norm_(x, feed_forward(std::move(g)), {norms.ffn_out, ffn_eps}, {next_in, norm_eps_});
}

at::Tensor Block::forward_(const at::Tensor& x, at::Tensor h, const Sequences& sequences, const BlockNorms& norms,
                           const at::Tensor& next_in) const {
  at::Tensor mixed = mix(x, std::move(h), norms.attention_in, sequences);
  if (levers_.rows_per_chunk == 0) return finish_(x, std::move(mixed), norms, next_in);
  nn::for_each_chunk(x.size(0), levers_.rows_per_chunk, [&](std::int64_t first, std::int64_t count) {
    finish_(x.narrow(0, first, count), mixed.narrow(0, first, count), norms, /*next_in=*/{});
  });
  return {};
}

void run_block_(const at::Tensor& x, const Sequences& sequences, const ParamView& block, const BlockNorms& norms,
                const TransformerConfig& config) {
  at::Tensor h = Block::input(x, norms.attention_in, config, block.dtype());
  Block(block, config).forward_(x, std::move(h), sequences, norms, {});
}

void run_blocks_(const at::Tensor& x, const Sequences& sequences, const ParamView& stack,
                 const std::vector<BlockNorms>& norms, const TransformerConfig& config) {
  if (norms.empty()) return;
  at::Tensor h = Block::input(x, norms[0].attention_in, config, stack.dtype());
  for (std::size_t i = 0; i < norms.size(); ++i) {
    const at::Tensor next_in = i + 1 < norms.size() ? norms[i + 1].attention_in : at::Tensor();
    const std::string name = std::to_string(i);
    const Lease lease = stack.acquire(name);
    h = Block(stack.sub(name), config).forward_(x, std::move(h), sequences, norms[i], next_in);
  }
}

}  // namespace zimage
