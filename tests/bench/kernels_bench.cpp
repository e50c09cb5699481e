// Every kernel of src/kernels at the model's sizes: 4224 tokens (1024×1024 and a caption), 110 tokens of text.
#include "bench/harness.h"
#include "kernels/layer_norm.h"
#include "kernels/rms_norm.h"
#include "kernels/rope.h"
#include "kernels/silu_mul.h"

#include <sstream>

namespace zimage::bench {
namespace {

constexpr std::int64_t kImage = 4224, kText = 110;  // tokens
constexpr std::int64_t kDim = 3840, kFfn = 10240, kHeads = 30, kHeadDim = 128;
constexpr std::int64_t kTextDim = 2560, kTextFfn = 9728, kTextHeads = 32, kTextGroups = 8;
constexpr double kEps = 1e-5;

std::string name_of(const char* kernel, at::ScalarType dtype, at::IntArrayRef shape) {
  std::ostringstream name;
  name << kernel << '/' << type_name(dtype) << '/';
  for (std::size_t i = 0; i < shape.size(); ++i) name << (i == 0 ? "" : "x") << shape[i];
  return name.str();
}

at::Tensor random(at::IntArrayRef shape, at::ScalarType dtype) { return at::randn(shape, on_gpu(dtype)); }

kernels::RmsNorm random_norm(std::int64_t columns) { return {random({columns}, at::kFloat), kEps}; }

void rms_norm(at::ScalarType out, std::int64_t rows, std::int64_t columns) {
  add(name_of("rms_norm", out, {rows, columns}), [=] {
    const at::Tensor x = random({rows, columns}, at::kFloat);
    const kernels::RmsNorm norm = random_norm(columns);
    return Work{[=] { return kernels::rms_norm(x, norm, out); }, {x}};
  });
}

void add_norm(at::ScalarType dtype, std::int64_t rows, std::int64_t columns) {
  add(name_of("add_norm_", dtype, {rows, columns}), [=] {
    const at::Tensor x = random({rows, columns}, at::kFloat), branch = random({rows, columns}, dtype);
    const kernels::RmsNorm norm = random_norm(columns), next = random_norm(columns);
    return Work{[=] { return kernels::add_norm_(x, branch, norm, next); }, {branch}, {x}};
  });
}

void add_scaled(at::ScalarType dtype, std::int64_t rows, std::int64_t columns) {
  add(name_of("add_scaled_", dtype, {rows, columns}), [=] {
    const at::Tensor x = random({rows, columns}, at::kFloat), branch = random({rows, columns}, dtype);
    const kernels::RmsNorm next = random_norm(columns);
    return Work{[=] { return kernels::add_scaled_(x, branch, 16, next); }, {branch}, {x}};
  });
}

void layer_norm(at::ScalarType out, std::int64_t rows, std::int64_t columns) {
  add(name_of("layer_norm", out, {rows, columns}), [=] {
    const at::Tensor x = random({rows, columns}, at::kFloat), scale = random({columns}, at::kFloat);
    return Work{[=] { return kernels::layer_norm(x, scale, kEps, out); }, {x}};
  });
}

void silu_mul(at::ScalarType dtype, std::int64_t rows, std::int64_t columns) {
  add(name_of("silu_mul", dtype, {rows, columns}), [=] {
    const at::Tensor gate_up = random({rows, 2 * columns}, dtype);
    return Work{[=] { return kernels::silu_mul(gate_up, 1.0 / 128); }, {gate_up}};
  });
}

struct PackedHeads {
  std::int64_t tokens, queries, keys;
  kernels::RopePairs pairs;
};

void norm_rope(at::ScalarType dtype, const PackedHeads& p) {
  add(name_of("norm_rope_", dtype, {p.tokens, p.queries + p.keys, kHeadDim}), [=] {
    const at::Tensor packed = random({p.tokens, p.queries + 2 * p.keys, kHeadDim}, dtype);
    const kernels::HeadNorms norms{p.queries, p.keys, random({kHeadDim}, at::kFloat), random({kHeadDim}, at::kFloat),
                                   kEps};
    const kernels::RopeTable table{random({p.tokens, kHeadDim / 2}, at::kFloat),
                                   random({p.tokens, kHeadDim / 2}, at::kFloat)};
    return Work{[=] { return kernels::norm_rope_(packed, norms, table, p.pairs), at::Tensor(); },
                {table.cos, table.sin},
                {packed.narrow(1, 0, p.queries + p.keys)}};
  });
}

}  // namespace

void add_kernels() {
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
    rms_norm(dtype, kImage, kDim);
    rms_norm(dtype, kText, kTextDim);
    add_norm(dtype, kImage, kDim);
    add_norm(dtype, kText, kDim);
    add_scaled(dtype, kText, kTextDim);
    layer_norm(dtype, kImage, kDim);
    silu_mul(dtype, kImage, kFfn);
    silu_mul(dtype, kText, kTextFfn);
    norm_rope(dtype, {kImage, kHeads, kHeads, kernels::RopePairs::adjacent});
    norm_rope(dtype, {kText, kTextHeads, kTextGroups, kernels::RopePairs::halves});
  }
}

}  // namespace zimage::bench
