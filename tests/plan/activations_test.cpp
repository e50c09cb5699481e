// What a plan says of an image's activations against what an H200 took of them: docs/logs/2026-11-21-h200-budgets.txt.
#include "plan/activations.h"

#include "plan/full_model.h"
#include "plan/gated_product.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

using namespace plan;
using test::full_problem;
using test::h200;
using test::kMiB;

struct Row {
  std::int64_t width, height;
  DType dtype;
  std::int64_t strip_rows;         // 0: at once
  double encode_planned;           // MiB, all of the stage, with 81.4 MiB of activations
  double encode, denoise, decode;  // MiB, measured; encode of a process' first image, which keeps no norms yet: 0
};

// What those plans counted for a prompt of 512 tokens, and what they did not: places of the prompts' embeddings.
constexpr double kPlannedThen = 81.4, kPlaces = 20;
constexpr std::int64_t kTokens = 20;  // of those images' prompts

class ActivationsOnH200 : public testing::TestWithParam<Row> {};

TEST_P(ActivationsOnH200, are_what_was_measured) {
  const Row& row = GetParam();
  Problem problem = full_problem(row.width, row.height, row.dtype);
  problem.image.prompt_tokens = kTokens;
  Levers levers;
  if (row.strip_rows > 0) levers.vae = {VaeTiling::strips, row.strip_rows, 0};
  const Activations of = activations(problem, h200(), levers);
  const double other = row.encode_planned - kPlannedThen;  // weights, libraries, context
  const auto expect = [&](const char* stage, std::uint64_t bytes, double measured) {
    const double predicted = other + static_cast<double>(bytes) / kMiB - kPlaces;
    EXPECT_LE(predicted, 1.02 * measured) << stage;
    EXPECT_GE(predicted, 0.995 * measured) << stage;
  };
  if (row.encode > 0) expect("encode", of.encode, row.encode);
  expect("denoise", of.denoise, row.denoise);
  expect("decode", of.decode, row.decode);
}

INSTANTIATE_TEST_SUITE_P(
    Log, ActivationsOnH200,
    testing::Values(
        Row{1024, 1024, DType::f16, 0, 15209, 15105, 15292, 16129},
        Row{1024, 1024, DType::f16, 256, 11599, 11501, 11688, 12207},
        Row{1024, 1024, DType::f16, 256, 7506, 7416, 7603, 8123},
        Row{1024, 1024, DType::f16, 256, 5481, 5395, 5582, 6102},
        Row{1024, 1024, DType::f16, 128, 3456, 3374, 3561, 3985},
        Row{1024, 1024, DType::f16, 0, 15016, 14912, 15099, 15937},
        Row{1024, 1024, DType::f16, 128, 11406, 11310, 11497, 11921},
        Row{1024, 1024, DType::f16, 256, 7121, 7033, 7220, 7740},
        Row{1024, 1024, DType::f16, 256, 5096, 5012, 5199, 5719},
        Row{1024, 1024, DType::f16, 256, 3071, 2991, 3178, 3698},
        Row{2048, 2048, DType::f16, 256, 9809, 9715, 10461, 12155}, Row{1408, 384, DType::bf16, 0, 6446, 0, 6518, 6885},
        Row{1264, 1168, DType::bf16, 128, 5481, 0, 5659, 6237}, Row{672, 448, DType::bf16, 128, 14781, 0, 14767, 14888},
        Row{1040, 1136, DType::f16, 128, 2781, 0, 2912, 3377}, Row{800, 720, DType::f16, 0, 16271, 0, 16269, 16728},
        Row{304, 288, DType::f16, 0, 12809, 0, 12730, 12792}, Row{272, 1024, DType::f16, 0, 19500, 0, 19469, 19657},
        Row{304, 1328, DType::f16, 256, 15744, 0, 15759, 15908}, Row{1264, 1376, DType::f16, 0, 15209, 0, 15415, 16806},
        Row{720, 704, DType::bf16, 0, 13336, 0, 13386, 13711}, Row{288, 1104, DType::f16, 0, 11749, 0, 11745, 11961},
        Row{1536, 848, DType::f16, 128, 7794, 0, 7937, 8487}, Row{1280, 1120, DType::f16, 128, 12606, 0, 12762, 13329},
        Row{832, 1456, DType::bf16, 256, 11694, 0, 11812, 12345},
        Row{1056, 1456, DType::f16, 0, 17234, 0, 17400, 18629}, Row{752, 1072, DType::bf16, 0, 17234, 0, 17365, 17870},
        Row{992, 1376, DType::bf16, 128, 7409, 0, 7563, 8080}, Row{1152, 1296, DType::f16, 256, 4421, 0, 4605, 5286},
        Row{1312, 1056, DType::bf16, 128, 7024, 0, 7184, 7738}, Row{304, 1216, DType::f16, 0, 18199, 0, 18199, 18424},
        Row{1504, 1456, DType::bf16, 0, 10484, 0, 10781, 12530}, Row{592, 1280, DType::f16, 256, 7314, 0, 7361, 7650},
        Row{656, 1360, DType::f16, 256, 2396, 0, 2476, 2876}, Row{1296, 960, DType::bf16, 0, 14534, 0, 14652, 15647}));

TEST(Activations, shorter_prompts_are_provided_for) {
  // 2,048 tokens of the image: with 384 of the prompt they fill the rounds over 132 multiprocessors, with 100 they do
  // not.
  Problem problem = full_problem(720, 720);
  problem.image.prompt_tokens = 384;
  const std::uint64_t longest = denoise_activations(problem, h200(), {});
  const std::uint64_t most = most_denoise_activations(problem, h200(), {});
  EXPECT_GT(most, longest);
  for (std::int64_t tokens = 1; tokens <= 384; ++tokens) {
    problem.image.prompt_tokens = tokens;
    ASSERT_LE(denoise_activations(problem, h200(), {}), most) << tokens;
  }
}

TEST(Activations, strips_of_a_wide_image_need_more) {
  Problem tall = full_problem(512, 2048), wide = full_problem(2048, 512);
  Levers levers;
  levers.vae = {VaeTiling::strips, 128, 0};
  EXPECT_GT(activations(wide, h200(), levers).decode, activations(tall, h200(), levers).decode);
  const Plan plan = *make_plan(tall, h200(), {.vae_tiling = VaeTiling::strips}).plan;
  EXPECT_EQ(for_images(plan, tall, h200()).peak_bytes(), plan.peak_bytes());
  EXPECT_GT(for_images(plan, wide, h200()).peak_bytes(), plan.peak_bytes());
}

TEST(Activations, one_kernel_saves_the_product_of_twice_the_columns) {
  const Problem problem = full_problem();
  Machine without = h200();
  without.multiprocessors = 0;
  // 4,608 tokens: 3 · 10,240 columns of 16 bit, against 4 · 3,840 of the attention.
  EXPECT_EQ(denoise_activations(problem, without, {}) - denoise_activations(problem, h200(), {}),
            4608U * 2 * (3 * 10240 - 4 * 3840));
}

TEST(GatedProduct, is_one_kernel_where_all_multiprocessors_have_as_much_to_do) {
  EXPECT_TRUE(pays_in_one_kernel({4224, 10240}, 132));   // 1,320 pairs of tiles in 20 rounds of 66
  EXPECT_TRUE(pays_in_one_kernel({4608, 10240}, 132));   // 1,440 in 22
  EXPECT_FALSE(pays_in_one_kernel({2016, 10240}, 132));  // too few rows
  EXPECT_FALSE(pays_in_one_kernel({2176, 10240}, 132));  // 680 in 11: 94 %
  EXPECT_FALSE(pays_in_one_kernel({4224, 10240}, 0));
}

}  // namespace
}  // namespace zimage
