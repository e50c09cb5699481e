// Predicted seconds of computation against those measured on an H200 (docs/benchmarks.md), everything resident.
#include "plan/work.h"

#include "plan/full_model.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using namespace plan;
using test::full_problem;
using test::h200;

struct Measured {
  DType dtype;
  std::int64_t size;
  double evaluation, decode;  // milliseconds
};

class WorkOnH200 : public testing::TestWithParam<Measured> {};

TEST_P(WorkOnH200, is_within_15_percent_of_what_was_measured) {
  const Measured& measured = GetParam();
  Problem problem = full_problem(measured.size, measured.size, measured.dtype);
  problem.image.prompt_tokens = 18;
  const BlockSeconds blocks = block_seconds(problem, h200(), {});
  const double evaluation = 30 * blocks.layer + 2 * blocks.refiner + evaluation_overhead(problem);
  EXPECT_NEAR(evaluation * 1e3, measured.evaluation, 0.15 * measured.evaluation);
  EXPECT_NEAR(decode_seconds(problem, h200(), {}) * 1e3, measured.decode, 0.15 * measured.decode);
}

INSTANTIATE_TEST_SUITE_P(Sizes, WorkOnH200,
                         testing::Values(Measured{DType::bf16, 512, 22.7, 6.3}, Measured{DType::bf16, 1024, 90, 22.2},
                                         Measured{DType::f16, 1024, 93.4, 22.5}, Measured{DType::f16, 512, 23.3, 6.46},
                                         Measured{DType::bf16, 2048, 541, 109}));

TEST(Work, the_text_encoder_is_as_long_as_its_launches) {
  EXPECT_NEAR(35 * text_layer_seconds(full_problem(), h200()), 4.4e-3, 0.15 * 4.4e-3);
}

TEST(Work, levers_cost_time) {
  const Problem problem = full_problem();
  const double plain = block_seconds(problem, h200(), {}).layer;
  EXPECT_GT(block_seconds(problem, h200(), {.heads_per_slice = 10}).layer, plain);
  EXPECT_GT(block_seconds(problem, h200(), {.rows_per_chunk = 512}).layer,
            block_seconds(problem, h200(), {.rows_per_chunk = 2048}).layer);
  const double whole = decode_seconds(problem, h200(), {});
  EXPECT_GT(decode_seconds(problem, h200(), {VaeTiling::strips, 128, 0}), whole);
  EXPECT_GT(decode_seconds(problem, h200(), {VaeTiling::tiles, 0, 64}), whole);
}

}  // namespace
}  // namespace zimage
