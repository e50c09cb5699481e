// The VAE's decoder on each device and type against itself in float32 on the CPU, which the pipeline's fixtures tie to
// diffusers.
#include "models/vae/attention.h"
#include "models/vae/decoder.h"
#include "support/devices.h"
#include "support/expect_error.h"
#include "support/fixture.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using test::relative_error;

at::Tensor pixels(const test::FixtureCase& fixture, const at::Tensor& latents, at::Device device,
                  at::ScalarType dtype) {
  const Checkpoint checkpoint(fixture.checkpoint_dir());
  return VaeDecoder(checkpoint.vae_config(), checkpoint.vae(), device, dtype).forward(latents.to(device));
}

TEST(VaeDecoder, cuda_is_near_the_cpu_in_each_type) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const c10::InferenceMode inference;
  at::globalContext().setAllowTF32CuDNN(false);  // as the pipeline does
  for (const char* name : {"square_9_steps", "odd_tall"}) {
    const test::FixtureCase fixture = test::fixture_case(name);
    const at::Tensor latents = at::randn({16, 22, 14});
    const at::Tensor exact = pixels(fixture, latents, at::kCPU, at::kFloat);
    EXPECT_LE(relative_error(pixels(fixture, latents, at::kCUDA, at::kFloat), exact), 1e-5) << name;
    EXPECT_LE(relative_error(pixels(fixture, latents, at::kCUDA, at::kBFloat16), exact), 2e-2) << name;
  }
}

TEST(VaeDecoder, decode_is_forward_in_bytes) {
  const c10::InferenceMode inference;
  const test::FixtureCase fixture = test::fixture_case("odd_tall");
  const Checkpoint checkpoint(fixture.checkpoint_dir());
  const at::Tensor latents = at::randn({16, 6, 10});
  for (const auto& [device, dtype] :
       {std::pair{at::kCPU, at::kFloat}, {at::kCUDA, at::kFloat}, {at::kCUDA, at::kBFloat16}}) {
    if (device == at::kCUDA && !at::hasCUDA()) continue;
    const VaeDecoder decoder(checkpoint.vae_config(), checkpoint.vae(), device, dtype);
    const at::Tensor bytes = decoder.decode(latents.to(device));
    const at::Tensor expected = (decoder.forward(latents.to(device)) * 255).round().to(at::kByte).permute({1, 2, 0});
    EXPECT_TRUE(at::equal(bytes, expected.cpu()));
  }
}

TEST(VaeDecoder, latents_that_are_not_finite_are_an_error) {
  const c10::InferenceMode inference;
  const test::FixtureCase fixture = test::fixture_case("odd_tall");
  const Checkpoint checkpoint(fixture.checkpoint_dir());
  const VaeDecoder decoder(checkpoint.vae_config(), checkpoint.vae(), at::kCPU, at::kFloat);
  const at::Tensor latents = at::full({16, 4, 4}, std::nan(""));
  test::expect_error(ErrorKind::numeric, {"not finite"}, [&] { decoder.decode(latents.to(at::kFloat)); });
}

TEST(VaeAttention, chunks_of_queries_are_the_whole) {
  const c10::InferenceMode inference;
  for (const std::int64_t tokens : {1, 77, 4100}) {
    const auto random = [&] { return at::randn({tokens, 24}); };
    const at::Tensor q = random(), k = random(), v = random();
    const at::Tensor weights = at::softmax(at::mm(q, k.t()).to(at::kDouble) / std::sqrt(24.0), -1);
    EXPECT_LE(relative_error(vae::self_attention(q, k, v), weights.matmul(v.to(at::kDouble))), 1e-6) << tokens;
  }
}

TEST(VaeAttention, chunks_of_queries_are_the_whole_on_cuda) {
  ZIMAGE_SKIP_WITHOUT(std::string("cuda"));
  const c10::InferenceMode inference;
  for (const std::int64_t tokens : {1, 77, 1000, 9001}) {  // the last in two chunks
    const auto random = [&] { return at::randn({tokens, 64}, at::device(at::kCUDA)).to(at::kBFloat16); };
    const at::Tensor q = random() * 3, k = random(), v = random();
    const at::Tensor weights = at::softmax(at::mm(q.to(at::kDouble), k.to(at::kDouble).t()) / std::sqrt(64.0), -1);
    EXPECT_LE(relative_error(vae::self_attention(q, k, v), weights.matmul(v.to(at::kDouble))), 6e-3) << tokens;
  }
}

}  // namespace
}  // namespace zimage
