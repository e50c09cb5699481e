// The kernels of the VAE's decoder at the sizes of a 1024×1024 image.
#include "bench/harness.h"
#include "kernels/group_norm.h"
#include "kernels/image.h"
#include "kernels/softmax.h"
#include "kernels/upsample.h"

namespace zimage::bench {
namespace {

constexpr kernels::GroupSpec kSpec{32, 1e-6};

struct Size {
  std::int64_t channels, side;

  std::string name() const {
    return std::to_string(channels) + "x" + std::to_string(side) + "x" + std::to_string(side);
  }
};

at::Tensor image(const Size& size, at::ScalarType dtype) {
  return at::randn({1, size.channels, size.side, size.side}, on_gpu(dtype)).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor vector(const Size& size) { return at::randn({size.channels}, on_gpu(at::kFloat)); }

void group_moments(at::ScalarType dtype, const Size& size) {
  add("group_moments/" + type_name(dtype) + "/" + size.name(), [=] {
    const at::Tensor x = image(size, dtype), bias = vector(size);
    return Work{[=] { return kernels::group_moments(x, bias, kSpec); }, {x}};
  });
}

void add_group_moments(at::ScalarType dtype, const Size& size) {
  add("add_group_moments_/" + type_name(dtype) + "/" + size.name(), [=] {
    const at::Tensor x = image(size, dtype), branch = image(size, dtype) * 1e-3, bias = vector(size) * 1e-3;
    return Work{[=] { return kernels::add_group_moments_(x, branch, bias, kSpec); }, {branch}, {x}};
  });
}

void normalise_silu(at::ScalarType dtype, const Size& size) {
  add("normalise_silu/" + type_name(dtype) + "/" + size.name(), [=] {
    const at::Tensor x = image(size, dtype);
    const kernels::GroupNorm norm{kernels::group_moments(x, {}, kSpec), vector(size), vector(size)};
    return Work{[=] { return kernels::normalise_silu(x, norm); }, {x}};
  });
}

// In place, as a residual block's second norm; without SiLU, as the attention's.
void normalise_in_place(at::ScalarType dtype, const Size& size) {
  add("normalise_silu_/" + type_name(dtype) + "/" + size.name(), [=] {
    const at::Tensor x = image(size, dtype);
    const kernels::GroupNorm norm{kernels::group_moments(x, {}, kSpec), vector(size), vector(size)};
    return Work{[=] { return kernels::normalise_silu_(x, norm), at::Tensor(); }, {}, {x}};
  });
}

void normalise(at::ScalarType dtype, const Size& size) {
  add("normalise/" + type_name(dtype) + "/" + size.name(), [=] {
    const at::Tensor x = image(size, dtype);
    const kernels::GroupNorm norm{kernels::group_moments(x, {}, kSpec), vector(size), vector(size)};
    return Work{[=] { return kernels::normalise(x, norm); }, {x}};
  });
}

// With the bytes' way to the host, which each launch waits for: the link's time, not the kernel's.
void to_rgb8(at::ScalarType dtype, std::int64_t side) {
  add("to_rgb8_on_host/" + type_name(dtype) + "/" + Size{3, side}.name(), [=] {
    const at::Tensor x = image({3, side}, dtype), bias = vector({3, side});
    return Work{[=] { return kernels::to_rgb8(x, bias).bytes; }, {x}};
  });
}

void add_upsample(at::ScalarType dtype, const Size& size) {
  add("add_upsample/" + type_name(dtype) + "/" + size.name(), [=] {
    const at::Tensor x = image(size, dtype), branch = image(size, dtype), bias = vector(size);
    return Work{[=] { return kernels::add_upsample(x, branch, bias); }, {x, branch}};
  });
}

void softmax(at::ScalarType out, std::int64_t rows, std::int64_t columns) {
  add("softmax/" + type_name(out) + "/" + std::to_string(rows) + "x" + std::to_string(columns), [=] {
    const at::Tensor scores = at::randn({rows, columns}, on_gpu(at::kFloat));
    return Work{[=] { return kernels::softmax(scores, 0.04, out); }, {scores}};
  });
}

}  // namespace

void add_image_kernels() {
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
    for (const Size& size : {Size{512, 128}, Size{512, 256}, Size{256, 512}, Size{128, 1024}}) {
      group_moments(dtype, size);
      add_group_moments(dtype, size);
      normalise_silu(dtype, size);
      normalise_in_place(dtype, size);
    }
    normalise(dtype, {512, 128});
    to_rgb8(dtype, 1024);
    for (const Size& size : {Size{512, 128}, Size{512, 256}, Size{256, 512}}) add_upsample(dtype, size);
  }
  softmax(at::kBFloat16, 4096, 16384);
}

}  // namespace zimage::bench
