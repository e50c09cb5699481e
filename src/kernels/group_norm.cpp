#include "kernels/group_norm.h"

#include "kernels/launch.h"
#include "kernels/reference.h"
#include "kernels/tensor_args.h"

namespace zimage::kernels {
namespace {

bool has_kernel(const at::Tensor& x) { return x.is_cuda() && x.is_contiguous(at::MemoryFormat::ChannelsLast); }

// A null pointer for an undefined vector.
const float* vector_data(const at::Tensor& v, std::int64_t channels) {
  if (!v.defined()) return nullptr;
  TORCH_CHECK(v.is_contiguous() && v.scalar_type() == at::kFloat && v.numel() == channels);
  return v.const_data_ptr<float>();
}

ImageShape image_shape(const at::Tensor& x, std::int64_t groups) {
  TORCH_CHECK(x.dim() == 4 && x.size(0) == 1);
  TORCH_CHECK(x.size(1) % groups == 0 && x.size(1) / groups <= kMaxGroupChannels);
  return {x.size(2) * x.size(3), x.size(1), groups};
}

struct Moments {
  at::Tensor partial, result;
};

Moments empty_moments(const at::Tensor& x, std::int64_t groups) {
  const auto options = x.options().dtype(at::kFloat).memory_format(at::MemoryFormat::Contiguous);
  return {at::empty({kMaxMomentChunks, groups, 2}, options), at::empty({groups, 2}, options)};
}

void launch_norm(void (*launch)(const NormaliseArgs&, Stream), const at::Tensor& x, const at::Tensor& y,
                 const GroupNorm& norm) {
  const ImageShape shape = image_shape(x, norm.moments.size(0));
  TORCH_CHECK(y.sizes() == x.sizes() && y.scalar_type() == x.scalar_type() && has_kernel(y));
  TORCH_CHECK(norm.moments.is_contiguous());
  launch({const_span(x), y.mutable_data_ptr(), norm.moments.const_data_ptr<float>(),
          vector_data(norm.weight, shape.channels), vector_data(norm.bias, shape.channels),
          vector_data(norm.input_bias, shape.channels), shape},
         current_stream(x));
  check_launch();
}

}  // namespace

at::Tensor group_moments(const at::Tensor& x, const at::Tensor& bias, const GroupSpec& spec) {
  if (!has_kernel(x)) return reference::group_moments(x, bias, spec);
  const ImageShape shape = image_shape(x, spec.groups);
  const Moments moments = empty_moments(x, spec.groups);
  launch_group_moments({const_span(x), vector_data(bias, shape.channels), moments.partial.mutable_data_ptr<float>(),
                        moments.result.mutable_data_ptr<float>(), shape, static_cast<float>(spec.eps)},
                       current_stream(x));
  check_launch();
  return moments.result;
}

at::Tensor add_group_moments_(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& bias,
                              const GroupSpec& spec) {
  if (!has_kernel(x)) return reference::add_group_moments_(x, branch, bias, spec);
  const ImageShape shape = image_shape(x, spec.groups);
  TORCH_CHECK(!branch.defined() || (branch.strides() == x.strides() && branch.sizes() == x.sizes() &&
                                    branch.scalar_type() == x.scalar_type()));
  const Moments moments = empty_moments(x, spec.groups);
  launch_add_group_moments({mutable_span(x), branch.defined() ? branch.const_data_ptr() : nullptr,
                            vector_data(bias, shape.channels), moments.partial.mutable_data_ptr<float>(),
                            moments.result.mutable_data_ptr<float>(), shape, static_cast<float>(spec.eps)},
                           current_stream(x));
  check_launch();
  return moments.result;
}

at::Tensor merge_moments(const StripMoments& strips, double eps) {
  const at::Tensor& parts = strips.parts;
  if (!parts.is_cuda()) return reference::merge_moments(strips, eps);
  TORCH_CHECK(parts.is_contiguous() && parts.dim() == 3 && parts.size(2) == 2 && parts.scalar_type() == at::kFloat);
  at::Tensor moments = at::empty({parts.size(1), 2}, parts.options());
  launch_merge_moments({parts.const_data_ptr<float>(), moments.mutable_data_ptr<float>(), parts.size(0), parts.size(1),
                        strips.part_rows, strips.last_rows, eps},
                       current_stream(parts));
  check_launch();
  return moments;
}

at::Tensor normalise(const at::Tensor& x, const GroupNorm& norm) {
  if (!has_kernel(x)) return reference::normalise(x, norm);
  at::Tensor y = at::empty_like(x);
  launch_norm(launch_normalise, x, y, norm);
  return y;
}

at::Tensor normalise_silu(const at::Tensor& x, const GroupNorm& norm) {
  if (!has_kernel(x)) return reference::normalise_silu(x, norm);
  at::Tensor y = at::empty_like(x);
  launch_norm(launch_normalise_silu, x, y, norm);
  return y;
}

void normalise_silu_(const at::Tensor& x, const GroupNorm& norm) {
  if (!has_kernel(x)) return reference::normalise_silu_(x, norm);
  launch_norm(launch_normalise_silu, x, x, norm);
}

void normalise_silu_into(const at::Tensor& y, const at::Tensor& x, const GroupNorm& norm) {
  if (!has_kernel(x)) return y.copy_(reference::normalise_silu(x, norm)), void();
  launch_norm(launch_normalise_silu, x, y, norm);
}

}  // namespace zimage::kernels
