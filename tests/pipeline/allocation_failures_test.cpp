// Memory that runs out at any moment of a run: at each allocation of the device, once and from then on.
#include "zimage/pipeline.h"

#include "support/counting_allocator.h"
#include "support/planned.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

namespace zimage {
namespace {

struct Attempt {
  std::optional<Result> result;
  std::optional<Error> error;
};

class AllocationFailures : public testing::Test {
 protected:
  // From the checkpoint's headers to the pixels.
  Attempt attempt() const {
    Attempt attempt;
    try {
      Pipeline pipeline(test::options_for(case_, {.oom_retry_delay_seconds = 0}));
      attempt.result = pipeline.generate(case_.request);
    } catch (const Error& error) {
      attempt.error = error;
    }
    return attempt;
  }

  void SetUp() override {
    expected_ = attempt().result.value();  // what libraries keep for good is there from here on
    const test::CountingAllocator memory;
    ASSERT_TRUE(attempt().result);
    allocations_ = memory.allocations();
  }

  // All of them for scripts/nightly.sh, else so many that it takes seconds.
  std::int64_t stride() const {
    const char* const wanted = std::getenv("ZIMAGE_ALLOCATION_STRIDE");
    return wanted == nullptr ? std::max<std::int64_t>(1, allocations_ / 12) : std::stoll(wanted);
  }

  void expect_as_drawn(const Result& result) const {
    EXPECT_LE(test::relative_error(at::tensor(result.latents.values), at::tensor(expected_.latents.values)), 1e-5);
    ASSERT_EQ(result.image.rgb.size(), expected_.image.rgb.size());
    for (std::size_t i = 0; i < result.image.rgb.size(); ++i) {
      ASSERT_NEAR(result.image.rgb[i], expected_.image.rgb[i], 1);
    }
  }

  test::FixtureCase case_ = test::fixture_case("odd_guided_2_steps");
  Result expected_;
  std::int64_t allocations_ = 0;
};

TEST_F(AllocationFailures, R17_R18_R19_one_is_drawn_around_or_told) {
  int drawn = 0, told = 0;
  for (std::int64_t n = 0; n < allocations_; n += stride()) {
    SCOPED_TRACE("allocation " + std::to_string(n) + " of " + std::to_string(allocations_));
    test::CountingAllocator memory;
    const std::int64_t before = memory.live_bytes();
    memory.fail_at(n);
    {
      const Attempt after = attempt();
      memory.fail_no_more();
      if (after.result) {
        ++drawn;
        expect_as_drawn(*after.result);
      } else {
        ++told;
        EXPECT_EQ(after.error->kind(), ErrorKind::memory) << after.error->what();
      }
    }
    EXPECT_EQ(memory.live_bytes(), before);
  }
  RecordProperty("drawn", drawn);
  RecordProperty("told", told);
  RecordProperty("allocations", std::to_string(allocations_));
  EXPECT_GT(drawn, told);
}

TEST_F(AllocationFailures, R17_R18_R19_R20_all_from_some_moment_on_are_told) {
  for (std::int64_t n = 0; n < allocations_; n += stride()) {
    SCOPED_TRACE("from allocation " + std::to_string(n) + " of " + std::to_string(allocations_));
    test::CountingAllocator memory;
    const std::int64_t before = memory.live_bytes();
    memory.fail_from(n);
    const Attempt after = attempt();
    memory.fail_no_more();
    ASSERT_TRUE(after.error);
    EXPECT_EQ(after.error->kind(), ErrorKind::memory) << after.error->what();
    EXPECT_EQ(memory.live_bytes(), before);
  }
}

}  // namespace
}  // namespace zimage
