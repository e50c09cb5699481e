// Which attention runs on which GPU, by the pure rule: every generation of GPUs without having one.
#include "plan/attention_choice.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using Backend = AttentionBackend;

constexpr int kCpu = 0;
constexpr std::int64_t kTokens = 4224, kHeadDim = 128;

Backend automatic(int capability, DType dtype, std::int64_t head_dim = kHeadDim, std::int64_t tokens = kTokens) {
  return choose_attention(Backend::automatic, {capability, dtype, tokens, head_dim});
}

TEST(AttentionChoice, names_are_those_of_the_option) {
  for (const char* name : {"auto", "cudnn", "flash", "efficient", "math"}) {
    const auto backend = attention_backend_from_option(name);
    ASSERT_TRUE(backend) << name;
    EXPECT_EQ(option_name(*backend), name);
  }
  EXPECT_FALSE(attention_backend_from_option("xformers"));
  EXPECT_FALSE(attention_backend_from_option(""));
}

TEST(AttentionChoice, automatic_takes_the_best_of_the_generation) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    for (const int hopper_or_blackwell : {90, 100, 103})
      EXPECT_EQ(automatic(hopper_or_blackwell, dtype), Backend::cudnn);
    for (const int other : {80, 86, 89, 120, 121}) EXPECT_EQ(automatic(other, dtype), Backend::flash) << other;
  }
  EXPECT_EQ(automatic(75, DType::f16), Backend::efficient);
  EXPECT_EQ(automatic(kCpu, DType::f32), Backend::flash);
}

TEST(AttentionChoice, automatic_falls_back_where_the_best_cannot_run) {
  EXPECT_EQ(automatic(75, DType::bf16), Backend::math);  // Turing has no bfloat16
  for (const int capability : {75, 80, 90, 120}) EXPECT_EQ(automatic(capability, DType::f32), Backend::efficient);
  EXPECT_EQ(automatic(90, DType::f16, 192), Backend::flash);
  EXPECT_EQ(automatic(90, DType::bf16, 512), Backend::efficient);  // the VAE's head
  EXPECT_EQ(automatic(90, DType::bf16, 12), Backend::math);
  EXPECT_EQ(automatic(80, DType::f32, 12), Backend::efficient);
  EXPECT_EQ(automatic(90, DType::f16, 128, 513), Backend::cudnn);
  EXPECT_EQ(automatic(90, DType::f16, 128, 512), Backend::flash);  // no plan for each prompt's length
  EXPECT_EQ(automatic(90, DType::f64), Backend::math);
}

struct Refusal {
  Backend backend;
  AttentionProblem problem;
  std::string words;
};

TEST(AttentionChoice, what_was_asked_for_and_cannot_run_is_refused) {
  const std::vector<Refusal> refusals{
      {Backend::cudnn, {kCpu, DType::f32, kTokens, kHeadDim}, "--attention cudnn: needs a GPU"},
      {Backend::cudnn, {75, DType::f16, kTokens, kHeadDim}, "--attention cudnn: needs a GPU of compute capability 8.0"},
      {Backend::cudnn, {90, DType::f32, kTokens, kHeadDim}, "--attention cudnn: needs fp16 or bf16"},
      {Backend::cudnn, {90, DType::f16, kTokens, 136}, "--attention cudnn: needs heads of a multiple of 8 up to 128"},
      {Backend::cudnn, {90, DType::f16, 1, kHeadDim}, "--attention cudnn: needs two tokens"},
      {Backend::flash, {75, DType::f16, kTokens, kHeadDim}, "--attention flash: needs a GPU of compute capability 8.0"},
      {Backend::flash, {90, DType::bf16, kTokens, 512}, "--attention flash: needs heads of a multiple of 8 up to 256"},
      {Backend::efficient, {kCpu, DType::f32, kTokens, kHeadDim}, "--attention efficient: needs a GPU"},
      {Backend::efficient, {75, DType::bf16, kTokens, kHeadDim}, "--attention efficient: needs compute capability 8.0"},
      {Backend::efficient, {90, DType::f16, kTokens, 12}, "--attention efficient: needs heads of a multiple of 8"}};
  for (const Refusal& refusal : refusals) {
    test::expect_error(ErrorKind::usage, {refusal.words}, [&] { choose_attention(refusal.backend, refusal.problem); });
  }
}

TEST(AttentionChoice, what_was_asked_for_and_can_run_is_taken) {
  for (const Backend backend : {Backend::cudnn, Backend::flash, Backend::efficient, Backend::math}) {
    EXPECT_EQ(choose_attention(backend, {90, DType::f16, kTokens, kHeadDim}), backend);
  }
  EXPECT_EQ(choose_attention(Backend::math, {kCpu, DType::f64, 1, 3}), Backend::math);
}

}  // namespace
}  // namespace zimage
