// The kernels on images; reference.cpp has those on sequences.
#include "kernels/reference.h"

namespace zimage::kernels::reference {
namespace {

// float32, or float64 where that comes in (tests).
at::Tensor wide(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

at::Tensor per_channel(const at::Tensor& v) { return v.view({1, -1, 1, 1}); }

at::Tensor plus(const at::Tensor& x, const at::Tensor& bias) {
  return bias.defined() ? wide(x) + per_channel(bias) : wide(x);
}

// x * scale + shift is the normalised x.
struct ChannelAffine {
  at::Tensor scale, shift;  // [1, C, 1, 1]
};

ChannelAffine channel_affine(const GroupNorm& norm) {
  const std::int64_t group_channels = norm.weight.numel() / norm.moments.size(0);
  const at::Tensor moments = norm.moments.repeat_interleave(group_channels, 0);  // [C, 2]
  const at::Tensor scale = moments.select(1, 1) * norm.weight, mean = moments.select(1, 0);
  const at::Tensor shift = norm.bias - (norm.input_bias.defined() ? mean - norm.input_bias : mean) * scale;
  return {per_channel(scale), per_channel(shift)};
}

// In a tensor of its own.
at::Tensor normalised(const at::Tensor& x, const GroupNorm& norm) {
  const ChannelAffine affine = channel_affine(norm);
  return (wide(x) * affine.scale).add_(affine.shift);
}

}  // namespace

at::Tensor group_moments(const at::Tensor& x, const at::Tensor& bias, const GroupSpec& spec) {
  // at::var_mean would do, but takes ten times as long on the CPU.
  const auto [unused, mean, rstd] = at::native_group_norm(plus(x, bias).contiguous(), {}, {}, 1, x.size(1),
                                                          x.size(2) * x.size(3), spec.groups, spec.eps);
  return at::stack({mean.flatten(), rstd.flatten()}, 1);
}

at::Tensor add_group_moments_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& bias,
                              const GroupSpec& spec) {
  at::Tensor sum = wide(x);  // x itself where that is wide
  if (bias.defined()) sum.add_(per_channel(bias));
  if (branch.defined()) sum.add_(branch);
  if (!sum.is_same(x)) x.copy_(sum);
  return reference::group_moments(x, {}, spec);
}

at::Tensor merge_moments(const StripMoments& strips, double eps) {
  const at::Tensor parts = strips.parts.to(at::kDouble), means = parts.select(2, 0);  // [strips, groups]
  at::Tensor share = at::full({parts.size(0), 1}, strips.part_rows, parts.options());
  share[-1] = strips.last_rows;
  share = share / share.sum();
  const at::Tensor mean = (means * share).sum(0);
  const at::Tensor variance = ((parts.select(2, 1).pow(-2) + (means - mean).square()) * share).sum(0);
  return at::stack({mean, at::rsqrt(variance + eps)}, 1).to(at::kFloat);
}

at::Tensor normalise(const at::Tensor& x, const GroupNorm& norm) { return normalised(x, norm).to(x.scalar_type()); }

at::Tensor normalise_silu(const at::Tensor& x, const GroupNorm& norm) {
  at::Tensor y = normalised(x, norm);
  return at::silu_(y).to(x.scalar_type());
}

void normalise_silu_(const at::Tensor& x, const GroupNorm& norm) {
  if (!wide(x).is_same(x)) {
    x.copy_(reference::normalise_silu(x, norm));
    return;
  }
  const ChannelAffine affine = channel_affine(norm);
  at::Tensor y = x;
  y.mul_(affine.scale).add_(affine.shift);
  at::silu_(y);
}

at::Tensor add_upsample(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& bias) {
  const at::Tensor sum = plus(x, bias).add_(branch).to(x.scalar_type());
  return at::upsample_nearest2d(sum, {2 * x.size(2), 2 * x.size(3)});
}

at::Tensor softmax(const at::Tensor& scores, double scale, at::ScalarType out) {
  return at::softmax(scores * scale, -1).to(out);
}

at::Tensor to_pixels(const at::Tensor& x, const at::Tensor& bias) {
  const at::Tensor value = plus(x, bias).to(x.scalar_type());
  return (value * 0.5 + 0.5).clamp(0, 1).squeeze(0).to(at::kFloat);
}

Rgb8 to_rgb8(const at::Tensor& x, const at::Tensor& bias) {
  const at::Tensor bytes = (reference::to_pixels(x, bias) * 255).round().to(at::kByte).permute({1, 2, 0}).contiguous();
  return {bytes.cpu(), plus(x, bias).isfinite().all().item<bool>()};
}

}  // namespace zimage::kernels::reference
