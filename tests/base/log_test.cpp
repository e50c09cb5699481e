#include "base/log.h"

#include "base/process_time.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <thread>

namespace zimage {
namespace {

class Log : public testing::Test {
 protected:
  void TearDown() override { log::configure(log::Level::info, log::Format::text); }
};

template <class Action>
std::string standard_error_of(const Action& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

TEST_F(Log, text_is_for_people) {
  const std::string text = standard_error_of([] {
    log::debug("hidden");
    log::info("loading");
    log::warning("cut at 512 tokens");
    log::error("no such file");
  });
  EXPECT_EQ(text, "loading\nwarning: cut at 512 tokens\nerror: no such file\n");
}

TEST_F(Log, level_hides_what_is_below) {
  log::configure(log::Level::warning, log::Format::text);
  EXPECT_EQ(standard_error_of([] { log::info("a"), log::warning("b"); }), "warning: b\n");
  log::configure(log::Level::debug, log::Format::text);
  EXPECT_EQ(standard_error_of([] { log::debug("a"); }), "debug: a\n");
  log::configure(log::Level::off, log::Format::text);
  EXPECT_EQ(standard_error_of([] { log::error("a"); }), "");
}

TEST_F(Log, a_milestone_is_a_debug_message_with_the_age_of_the_process) {
  EXPECT_EQ(standard_error_of([] { log::milestone("a"); }), "");
  log::configure(log::Level::debug, log::Format::text);
  const std::int64_t before = process_milliseconds();
  const std::string line = standard_error_of([] { log::milestone("loaded"); });
  long long age = -1;
  int end = 0;
  std::sscanf(line.c_str(), "debug: %lld ms: loaded\n%n", &age, &end);
  EXPECT_EQ(static_cast<std::size_t>(end), line.size()) << line;
  EXPECT_GE(age, before);
  EXPECT_LE(age, process_milliseconds());
}

TEST(ProcessTime, goes_on_from_the_start_of_the_process) {
  const std::int64_t first = process_milliseconds();
  EXPECT_LT(first, 600'000);  // not the machine's age
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_GE(process_milliseconds() - first, 29);
}

TEST_F(Log, json_lines_have_time_level_event_message) {
  log::configure(log::Level::info, log::Format::json);
  const std::string line = standard_error_of([] { log::warning("a \"b\"\n\x1b[0m {}"); });
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0, end = 0;
  std::sscanf(line.c_str(), "{\"time\":\"%4d-%2d-%2dT%2d:%2d:%2d.%3dZ\",%n", &year, &month, &day, &hour, &minute,
              &second, &millisecond, &end);
  ASSERT_GT(end, 0) << line;
  EXPECT_GE(year, 2025);
  EXPECT_EQ(line.substr(end), R"("level":"warning","event":"warning","message":"a \"b\"\n\u001b[0m {}"})"
                              "\n");
}

TEST_F(Log, a_message_stays_one_line) {
  EXPECT_EQ(standard_error_of([] { log::info("a\nb\x1b[2J {} %v"); }), "a\\nb\\x1b[2J {} %v\n");
}

}  // namespace
}  // namespace zimage
