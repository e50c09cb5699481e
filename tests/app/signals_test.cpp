// Ctrl-C and SIGTERM in the middle of a run.
#include "app/expect_outcome.h"
#include "support/temp_dir.h"

#include <signal.h>

#include <chrono>
#include <thread>

namespace zimage {
namespace {

using test::TempDir;

// Steps so many and large that no machine ends them before the signal.
test::Invocation long_run(const TempDir& dir) {
  return {{"generate", "--model", ZIMAGE_TEST_DATA "/parity/square", "--device", "cpu", "--prompt", "x", "--width",
           "256", "--height", "256", "--steps", "1000", "--verbose", "--save-latents", "x.safetensors"},
          dir.path()};
}

void expect_interrupted(const TempDir& dir, const test::Outcome& outcome, int exit_code) {
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(dir.entries(), 0U) << "something was left behind";
}

test::Outcome run_and_send(const TempDir& dir, int signal) {
  test::ZimageProcess process(long_run(dir));
  EXPECT_TRUE(process.wait_for_message("opened square"));
  process.send(signal);
  return process.wait();
}

TEST(Signals, R1_sigint_ends_between_steps) {
  const TempDir dir;
  const test::Outcome outcome = run_and_send(dir, SIGINT);
  expect_interrupted(dir, outcome, 130);
  EXPECT_NE(outcome.err.find("error: interrupted\n"), std::string::npos) << outcome.err;
}

TEST(Signals, R3_sigterm_ends_between_steps) {
  const TempDir dir;
  expect_interrupted(dir, run_and_send(dir, SIGTERM), 143);
}

TEST(Signals, R2_a_second_sigint_ends_at_once) {
  const TempDir dir;
  test::ZimageProcess process(long_run(dir));
  ASSERT_TRUE(process.wait_for_message("opened square"));
  process.send(SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));  // two at the same time would be one
  process.send(SIGINT);
  expect_interrupted(dir, process.wait(), 130);
}

}  // namespace
}  // namespace zimage
