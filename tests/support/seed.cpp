// Each test draws the same random numbers whenever it runs, alone or after others; torch would seed itself anew in each
// process. --gtest_shuffle with --gtest_repeat draws others in each round, and prints the seed.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace zimage::test {
namespace {

class Seed : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override {
    at::manual_seed(static_cast<std::uint64_t>(testing::UnitTest::GetInstance()->random_seed()));
  }
};

const bool kAppended = (testing::UnitTest::GetInstance()->listeners().Append(new Seed), true);

}  // namespace
}  // namespace zimage::test
