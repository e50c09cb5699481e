// Names that every file system takes.
#include "batch/file_name.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace zimage::batch {
namespace {

std::string fill(std::string_view text, const NameFields& fields) {
  return NameTemplate(text, "--name-template").fill(fields);
}

TEST(NameTemplate, fields_are_filled_in) {
  const NameFields fields{7, 42, 3, "A red circle!"};
  EXPECT_EQ(fill(NameTemplate::kDefault, fields), "00007-a-red-circle-42.png");
  EXPECT_EQ(fill("{index}_{line:03}_{seed:020}.PNG", fields), "7_003_00000000000000000042.PNG");
  EXPECT_EQ(fill("{{{index}}}.png", fields), "{7}.png");
  EXPECT_EQ(fill("{index:01}.png", {123, 0, 0, ""}), "123.png");
}

class RefusedTemplate : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(RefusedTemplate, with_the_rule) {
  const auto& [text, rule] = GetParam();
  test::expect_error(ErrorKind::usage, {"--name-template", rule},
                     [&, &text = text] { NameTemplate(text, "--name-template"); });
}

INSTANTIATE_TEST_SUITE_P(
    P12, RefusedTemplate,
    testing::Values(std::pair("../{index}.png", "begin with a dot"), std::pair("a/{index}.png", "'/'"),
                    std::pair("a\\{index}.png", "'\\'"), std::pair("/tmp/{index}.png", "'/'"),
                    std::pair("C:{index}.png", "':'"), std::pair(".{index}.png", "begin with a dot"),
                    std::pair("{index}", "must end with .png"), std::pair("{index}.png ", "must end with .png"),
                    std::pair("{index}\n.png", "\\n"), std::pair("\x1b[31m{index}.png", "\\x1b"),
                    std::pair("{index}\u202e.png", "u{202e}"), std::pair("nul.png", "Windows"),
                    std::pair("Com1.x.png", "Windows"), std::pair("\xff.png", "UTF-8"),
                    std::pair("{indx}.png", "none of {index}"), std::pair("{index:5}.png", "{index:05}"),
                    std::pair("{index:0x}.png", "{index:05}"), std::pair("{index:099}.png", "{index:05}"),
                    std::pair("{index:}.png", "{index:05}"), std::pair("{slug:05}.png", "{index:05}"),
                    std::pair("{index.png", "partner"), std::pair("index}.png", "partner"),
                    std::pair("", "needs a name"), std::pair(std::string(252, 'a') + ".png", "255 bytes")));

TEST(NameTemplate, A15_a_slug_gives_way_to_what_is_written) {
  const std::string prompt(200, 'b');
  const std::string name = fill(std::string(200, 'a') + "{slug}.png", {0, 0, 0, prompt});
  EXPECT_EQ(name, std::string(200, 'a') + std::string(51, 'b') + ".png");
  test::expect_error(ErrorKind::usage, {"--name-template", "255 bytes"}, [] {
    fill(std::string(250, 'a') + "{index}.png", {123456, 0, 0, ""});
  });
  test::expect_error(ErrorKind::usage, {"com1.png: names a device"}, [] {
    fill("{slug}{index}.png", {1, 0, 0, "com"});
  });
}

TEST(Slug, is_words_of_letters_and_digits) {
  EXPECT_EQ(slug_of("A red, RED circle (2)"), "a-red-red-circle-2");
  EXPECT_EQ(slug_of("../../etc/passwd"), "etc-passwd");
  EXPECT_EQ(slug_of("\x1b[31m\n"), "31m");
  EXPECT_EQ(slug_of(""), "image");
  EXPECT_EQ(slug_of("?!"), "image");
  EXPECT_EQ(slug_of("CON"), "con_");
  EXPECT_EQ(slug_of("黄色の星"), "黄色の星");
  EXPECT_EQ(slug_of("smile \U0001F600 face"), "smile-face");
}

TEST(Slug, ends_with_a_whole_character) {
  EXPECT_EQ(slug_of(std::string(100, 'a')), std::string(60, 'a'));
  EXPECT_EQ(slug_of("ab星", 4), "ab");
  EXPECT_EQ(slug_of("ab 星", 5), "ab");
  EXPECT_EQ(slug_of("ab 星", 6), "ab-星");
  std::string many;
  for (int i = 0; i < 700; ++i) many += "星";
  EXPECT_EQ(slug_of(many).size(), 60U);
}

TEST(Slug, P15_normalization_forms_give_one_name) { EXPECT_EQ(slug_of("caf\u00e9"), slug_of("cafe\u0301")); }

TEST(CollisionKey, P13_is_equal_where_a_file_system_may_see_one_name) {
  EXPECT_EQ(collision_key("A.PNG"), collision_key("a.png"));
  EXPECT_EQ(collision_key("\u00c4\u0416\u0394\u0141.png"), collision_key("\u00e4\u0436\u03b4\u0142.png"));
  EXPECT_EQ(collision_key("caf\u00e9.png"), collision_key("cafe\u0301.png"));
  EXPECT_NE(collision_key("a.png"), collision_key("b.png"));
  EXPECT_NE(collision_key("\u00d7.png"), collision_key("\u00f7.png"));
}

}  // namespace
}  // namespace zimage::batch
