#include "base/log_event.h"

#include "support/expect_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <limits>

namespace zimage {
namespace {

using test::TempDir;

class LogEvent : public testing::Test {
 protected:
  void TearDown() override {
    log::configure(log::Level::info, log::Format::text);
    log::set_colours(log::Colours::plain);
    log::set_translation(nullptr);
  }
};

template <class Action>
std::string standard_error_of(const Action& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

// Without the time, which is 24 characters between quotes.
std::string without_time(const std::string& line) {
  const std::string head = R"({"time":")";
  return line.starts_with(head) ? "{" + line.substr(head.size() + 26) : line;
}

TEST_F(LogEvent, json_has_the_fields_in_their_order) {
  log::configure(log::Level::info, log::Format::json);
  const std::string line = standard_error_of([] {
    log::write(log::Level::info, {"image",
                                  "done",
                                  {{"path", std::string("a\"b.png")},
                                   {"seed", std::uint64_t{18446744073709551615U}},
                                   {"shift", std::int64_t{-3}},
                                   {"seconds", 0.25},
                                   {"unknown", std::numeric_limits<double>::infinity()}}});
  });
  EXPECT_EQ(without_time(line), R"({"level":"info","event":"image","message":"done","path":"a\"b.png",)"
                                R"("seed":18446744073709551615,"shift":-3,"seconds":0.25,"unknown":null})"
                                "\n");
}

TEST_F(LogEvent, text_has_the_message_alone) {
  EXPECT_EQ(standard_error_of([] {
              log::write(log::Level::warning, {"w", "hot", {{"degrees", 90.5}}});
            }),
            "warning: hot\n");
}

TEST_F(LogEvent, what_is_for_programs_is_not_in_text) {
  const auto write = [] { log::write_for_programs(log::Level::info, {"step", "1/8", {}}); };
  EXPECT_EQ(standard_error_of(write), "");
  EXPECT_FALSE(log::is_read_by_programs());
  log::configure(log::Level::info, log::Format::json);
  EXPECT_TRUE(log::is_read_by_programs());
  EXPECT_EQ(without_time(standard_error_of(write)), "{\"level\":\"info\",\"event\":\"step\",\"message\":\"1/8\"}\n");
  log::configure(log::Level::warning, log::Format::json);
  EXPECT_EQ(standard_error_of(write), "");
}

TEST_F(LogEvent, colours_are_of_the_prefix_and_not_in_json) {
  log::set_colours(log::Colours::coloured);
  EXPECT_EQ(standard_error_of([] { log::error("no a: b"), log::info("c"); }), "\x1b[1;31merror: \x1b[0mno a: b\nc\n");
  log::configure(log::Level::info, log::Format::json);
  EXPECT_EQ(standard_error_of([] { log::error("a"); }).find('\x1b'), std::string::npos);
}

TEST_F(LogEvent, text_is_translated_and_json_is_not) {
  log::set_translation(
      [](const std::string& text) { return text == "error: " ? std::string("!! ") : "<" + text + ">"; });
  EXPECT_EQ(standard_error_of([] { log::error("a"); }), "!! <a>\n");
  log::configure(log::Level::info, log::Format::json);
  EXPECT_EQ(without_time(standard_error_of([] { log::error("a"); })),
            "{\"level\":\"error\",\"event\":\"error\",\"message\":\"a\"}\n");
}

// A process of its own writes the file, so that no other test's messages go there.
void write_to(const std::filesystem::path& file, log::Format format) {
  log::configure(log::Level::info, format);
  log::set_colours(log::Colours::coloured);
  log::append_to(file);
  log::error("late");
  std::_Exit(0);
}

TEST_F(LogEvent, a_file_is_appended_to_without_colours) {
  const TempDir dir;
  dir.write("log", "before\n");
  EXPECT_EXIT(write_to(dir / "log", log::Format::text), testing::ExitedWithCode(0), "error: .*late");
  EXPECT_EQ(test::content_of(dir / "log"), "before\nerror: late\n");
}

TEST_F(LogEvent, a_file_has_the_format_of_standard_error) {
  const TempDir dir;
  EXPECT_EXIT(write_to(dir / "log", log::Format::json), testing::ExitedWithCode(0), "\"message\":\"late\"");
  EXPECT_EQ(without_time(test::content_of(dir / "log")),
            "{\"level\":\"error\",\"event\":\"error\",\"message\":\"late\"}\n");
}

void write_to_full_disk() {
  log::append_to("/dev/full");
  log::info("first");
  log::info("second");
  std::_Exit(0);
}

TEST_F(LogEvent, a_file_that_takes_no_more_is_said_once) {
  EXPECT_EXIT(write_to_full_disk(), testing::ExitedWithCode(0),
              "^first\nwarning: --log-file /dev/full: cannot write: No space left on device\nsecond\n$");
}

TEST_F(LogEvent, a_file_that_cannot_be_opened_is_an_error) {
  const TempDir dir;
  test::expect_error(ErrorKind::io, {"--log-file", "Is a directory"}, [&] { log::append_to(dir.path()); });
  test::expect_error(ErrorKind::io, {"--log-file", "No such file"}, [&] { log::append_to(dir / "no" / "log"); });
}

}  // namespace
}  // namespace zimage
