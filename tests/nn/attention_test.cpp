// Every attention backend against products and softmax in float64, on packed, grouped and odd shapes.
#include "nn/attention.h"

#include "support/devices.h"
#include "support/expect_error.h"
#include "support/fixture.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <gtest/gtest.h>

#include <cmath>

namespace zimage::nn {
namespace {

using test::relative_error;

struct Shape {
  std::int64_t tokens, heads, groups, head_dim;
  Mask mask;
};

// The transformer's joint sequence, the text encoder, and sizes that are no multiple of a kernel's tile.
constexpr Shape kJoint{600, 6, 6, 128, Mask::none};
constexpr Shape kText{101, 32, 8, 128, Mask::causal};
constexpr Shape kOdd{67, 3, 3, 24, Mask::none};
constexpr Shape kShort{2, 4, 1, 32, Mask::causal};
constexpr Shape kWide{130, 1, 1, 512, Mask::none};  // the VAE's

struct Operands {
  at::Tensor q, k, v;
};

// Slices of one packed product, as the models have them: [N, H + 2 G, head_dim].
Operands packed(const Shape& s, const at::TensorOptions& options) {
  at::manual_seed(3);
  const at::Tensor qkv = at::randn({s.tokens, s.heads + 2 * s.groups, s.head_dim}).to(options);
  return {qkv.narrow(1, 0, s.heads), qkv.narrow(1, s.heads, s.groups), qkv.narrow(1, s.heads + s.groups, s.groups)};
}

at::Tensor expected(const Operands& o, Mask mask) {
  const auto wide = [](const at::Tensor& x) { return x.to(at::kCPU, at::kDouble).transpose(0, 1); };  // [H, N, D]
  const std::int64_t repeats = o.q.size(1) / o.k.size(1), tokens = o.q.size(0);
  const at::Tensor q = wide(o.q), k = wide(o.k).repeat_interleave(repeats, 0),
                   v = wide(o.v).repeat_interleave(repeats, 0);
  at::Tensor scores = at::matmul(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(q.size(2)));
  if (mask == Mask::causal) {
    const at::Tensor later = at::ones({tokens, tokens}, at::kBool).triu(1);
    scores = scores.masked_fill(later, -INFINITY);
  }
  return at::matmul(at::softmax(scores, -1), v).transpose(0, 1).flatten(1);
}

// Of a result rounded once to the type, from probabilities rounded once to it. TF32 would be off by 5e-4.
double tolerance(at::ScalarType dtype) {
  if (dtype == at::kFloat) return 1e-5;
  return dtype == at::kHalf ? 1e-3 : 8e-3;
}

struct Setting {
  std::string device;
  AttentionBackend backend;
  at::ScalarType dtype;
  std::vector<Shape> shapes;
};

class Attention : public testing::TestWithParam<Setting> {};

TEST_P(Attention, equals_float64_within_rounding) {
  const Setting& setting = GetParam();
  ZIMAGE_SKIP_WITHOUT(setting.device);
  for (const Shape& shape : setting.shapes) {
    const Operands o = packed(shape, at::TensorOptions(at::Device(setting.device)).dtype(setting.dtype));
    const at::Tensor out = attention(o.q, o.k, o.v, shape.mask, setting.backend);
    EXPECT_EQ(out.sizes(), at::IntArrayRef({shape.tokens, shape.heads * shape.head_dim}));
    EXPECT_EQ(out.scalar_type(), setting.dtype);
    EXPECT_LE(relative_error(out, expected(o, shape.mask)), tolerance(setting.dtype)) << shape.tokens << " tokens";
    const at::Tensor chunked = attention(o.q, o.k, o.v, shape.mask, setting.backend, /*max_scores=*/5000);
    EXPECT_LE(relative_error(chunked, expected(o, shape.mask)), tolerance(setting.dtype)) << shape.tokens << ", chunks";
  }
}

std::vector<Setting> settings() {
  using Backend = AttentionBackend;
  std::vector<Setting> all;
  for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16}) {
    for (const Backend backend : {Backend::automatic, Backend::flash, Backend::math}) {
      all.push_back({"cpu", backend, dtype, {kJoint, kText, kOdd, kShort, kWide}});
    }
    for (const Backend backend : {Backend::automatic, Backend::math}) {
      all.push_back({"cuda", backend, dtype, {kJoint, kText, kOdd, kShort, kWide}});
    }
    all.push_back({"cuda", Backend::efficient, dtype, {kJoint, kText, kOdd, kShort, kWide}});
    if (dtype == at::kFloat) continue;
    all.push_back({"cuda", Backend::cudnn, dtype, {kJoint, kText, kOdd}});
    all.push_back({"cuda", Backend::flash, dtype, {kJoint, kText, kOdd, kShort}});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, Attention, testing::ValuesIn(settings()), [](const auto& info) {
  return info.param.device + "_" + std::string(option_name(info.param.backend)) + "_" + c10::toString(info.param.dtype);
});

TEST(AttentionRefusals, a_backend_that_cannot_run_is_named) {
  const Operands o = packed(kJoint, at::kFloat);
  test::expect_error(ErrorKind::usage, {"--attention efficient", "GPU"},
                     [&] { attention(o.q, o.k, o.v, Mask::none, AttentionBackend::efficient); });
}

TEST(AttentionRefusals, fused_kernels_take_no_float32) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const Operands o = packed(kJoint, at::TensorOptions(at::kCUDA));
  for (const AttentionBackend backend : {AttentionBackend::cudnn, AttentionBackend::flash}) {
    test::expect_error(ErrorKind::usage, {"--attention", "needs fp16 or bf16"},
                       [&] { attention(o.q, o.k, o.v, Mask::none, backend); });
  }
}

// The fused kernels leave the output in q's order, so that nothing is copied behind them.
TEST(AttentionMemory, no_copy_of_packed_operands_or_output) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const Operands o = packed({4224, 30, 30, 128, Mask::none}, at::TensorOptions(at::kCUDA).dtype(at::kHalf));
  const auto allocated = [&] {
    return at::getDeviceAllocator(at::kCUDA)->getDeviceStats(o.q.get_device()).allocated_bytes[0];
  };
  for (const AttentionBackend backend : {AttentionBackend::cudnn, AttentionBackend::flash}) {
    attention(o.q, o.k, o.v, Mask::none, backend);  // the plan and its workspace
    at::getDeviceAllocator(at::kCUDA)->resetPeakStats(o.q.get_device());
    const std::int64_t before = allocated().current;
    const at::Tensor out = attention(o.q, o.k, o.v, Mask::none, backend);
    const std::int64_t logsumexp = 30 * 4224 * 4;
    EXPECT_LE(allocated().peak - before, static_cast<std::int64_t>(out.nbytes()) + 2 * logsumexp)
        << option_name(backend);
  }
}

}  // namespace
}  // namespace zimage::nn
