#include "base/log.h"

#include <gtest/gtest.h>

#include <cstdio>

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

TEST_F(Log, json_lines_have_time_level_message) {
  log::configure(log::Level::info, log::Format::json);
  const std::string line = standard_error_of([] { log::warning("a \"b\"\n\x1b[0m {}"); });
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0, end = 0;
  std::sscanf(line.c_str(), "{\"time\":\"%4d-%2d-%2dT%2d:%2d:%2d.%3dZ\",%n", &year, &month, &day, &hour, &minute,
              &second, &millisecond, &end);
  ASSERT_GT(end, 0) << line;
  EXPECT_GE(year, 2025);
  EXPECT_EQ(line.substr(end), R"("level":"warning","message":"a \"b\"\n\u001b[0m {}"})"
                              "\n");
}

TEST_F(Log, a_message_stays_one_line) {
  EXPECT_EQ(standard_error_of([] { log::info("a\nb\x1b[2J {} %v"); }), "a\\nb\\x1b[2J {} %v\n");
}

}  // namespace
}  // namespace zimage
