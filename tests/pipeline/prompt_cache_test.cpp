// Embeddings that are kept lie in places of their own, and nobody's are overwritten.
#include "pipeline/prompt_cache.h"

#include <gtest/gtest.h>

namespace zimage {
namespace {

constexpr int kKept = static_cast<int>(PromptCache::kPrompts);

PromptCache::TokenIds prompt(int number) { return {number, number}; }

class Prompts : public testing::Test {
 protected:
  at::Tensor add(int number) {
    cache_.add(prompt(number), at::full({2, 8}, number, at::kFloat));
    return cache_.get(prompt(number));
  }
  static bool holds(const at::Tensor& embeds, int number) { return at::all(embeds == number).item<bool>(); }

  PromptCache cache_;
};

TEST_F(Prompts, the_last_few_are_kept) {
  for (int i = 0; i < kKept + 2; ++i) EXPECT_TRUE(holds(add(i), i));
  for (int i = 2; i < kKept + 2; ++i) EXPECT_TRUE(holds(cache_.get(prompt(i)), i));
  EXPECT_FALSE(cache_.contains(prompt(1)));
}

TEST_F(Prompts, take_the_places_of_those_that_go) {
  const void* const place = add(0).storage().data();
  for (int i = 1; i < kKept; ++i) add(i);
  EXPECT_EQ(add(kKept).storage().data(), place);
}

TEST_F(Prompts, what_is_in_use_is_not_overwritten) {
  std::vector<at::Tensor> used;
  for (int i = 0; i < 3 * kKept; ++i) used.push_back(add(i));
  for (int i = 0; i < 3 * kKept; ++i) EXPECT_TRUE(holds(used[static_cast<std::size_t>(i)], i)) << i;
}

}  // namespace
}  // namespace zimage
