#include "app/prompt_file.h"

#include "support/expect_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

namespace zimage::app {
namespace {

std::string read(std::string_view content) {
  const test::TempDir dir;
  return read_prompt_file(dir.write("p.txt", content));
}

TEST(PromptFile, P5_P6_line_ends_and_byte_order_mark_are_taken_off) {
  EXPECT_EQ(read("a red circle"), "a red circle");
  EXPECT_EQ(read("a red circle\n"), "a red circle");
  EXPECT_EQ(read("a red circle\r\n\r\n"), "a red circle");
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a\r\nb\r\n"),
            "a\nb");
  EXPECT_EQ(read("a\rb"), "a\rb");
  EXPECT_EQ(read(" a "), " a ");
  EXPECT_EQ(read("\xEF\xBB\xBF\r\n"), "");
  EXPECT_EQ(read(""), "");
}

TEST(PromptFile, a_file_too_large_is_a_usage_error) {
  const test::TempDir dir;
  const auto path = dir.write("p.txt", "");
  std::filesystem::resize_file(path, (16u << 20) + 1);
  test::expect_error(ErrorKind::usage, {"p.txt", "16777217"}, [&] { read_prompt_file(path); });
}

}  // namespace
}  // namespace zimage::app
