#include "config/yaml.h"

#include "config/yaml_field.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <fstream>

namespace zimage::config {
namespace {

using test::expect_error;

void expect_refused(const std::string& text, const std::string& words) {
  SCOPED_TRACE(words);
  expect_error(ErrorKind::model, {"f.yaml", words}, [&] { parse_yaml(text, "f.yaml"); });
}

YamlField root(const YamlDocument& document) { return YamlField(document); }

TEST(Yaml, values_with_their_positions) {
  const YamlDocument document = parse_yaml(
      "# a comment\n"
      "memory:\n"
      "  budget: 12GiB   # bytes\n"
      "  '重 key': \"on\"\n"
      "list: [1, {a: b}]\n"
      "none:\n",
      "f.yaml");
  const YamlField memory = root(document).at("memory");
  EXPECT_EQ(memory.at("budget").where(), "f.yaml:3:11: memory.budget");
  EXPECT_EQ(memory.at("budget").word(), "12GiB");
  EXPECT_EQ(memory.at("重 key").where(), "f.yaml:4:12: memory.重 key");  // characters, not bytes
  EXPECT_EQ(root(document).at("list").items().at(1).at("a").where(), "f.yaml:5:15: list[1].a");
  EXPECT_EQ(root(document).members().size(), 3U);
  EXPECT_EQ(root(document).members().back().path(), "none");
  EXPECT_FALSE(root(document).find("other").has_value());
}

TEST(Yaml, nothing_but_comments_is_null) {
  for (const char* text : {"", "# a\n", "---\n", "\n\n", "\xEF\xBB\xBF# a\n"}) {
    EXPECT_TRUE(std::holds_alternative<Yaml::Null>(parse_yaml(text, "f.yaml").root.value)) << text;
  }
}

TEST(Yaml, takes_a_byte_order_mark_and_windows_line_ends) {
  const YamlDocument document = parse_yaml(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: x\r\n",
      "f.yaml");
  EXPECT_EQ(root(document).at("a").where(), "f.yaml:1:4: a");
  EXPECT_EQ(root(document).at("b").where(), "f.yaml:2:4: b");
  EXPECT_EQ(root(document).at("b").text(), "x");
}

TEST(Yaml, Y1_alias_bomb) {
  expect_refused("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "f.yaml:1:4: anchors");
  expect_refused("a: *b\n", "f.yaml:1:4: aliases");
}

TEST(Yaml, Y2_a_value_that_holds_itself) {
  expect_refused("&a [*a]", "anchors");
  expect_refused("x: &a {y: *a}", "anchors");
}

TEST(Yaml, Y3_nesting) {
  for (const char* open : {"[", "{a: ", "{", "- ", "? "}) {
    std::string deep;
    for (int i = 0; i < 10'000; ++i) deep += open;
    expect_refused(deep, "f.yaml:1:");
  }
  expect_refused(std::string(10'000, '[') + std::string(10'000, ']'), "nested deeper than 16");
  expect_refused(std::string(17, '[') + std::string(17, ']'), "nested deeper than 16");
  EXPECT_NO_THROW(parse_yaml(std::string(16, '[') + std::string(16, ']'), "f.yaml"));
}

TEST(Yaml, Y4_unknown_key_with_the_nearest_one) {
  constexpr std::array<std::string_view, 3> kKnown{"budget", "cpu_offload", "vae_tiling"};
  const YamlDocument document = parse_yaml("budget: 1\ncpu-offlaod: none\n", "f.yaml");
  expect_error(ErrorKind::model, {"f.yaml:2:1: cpu-offlaod: unknown key, did you mean 'cpu_offload'?"},
               [&] { root(document).members(kKnown); });
  const YamlDocument far = parse_yaml("zzz: 1\n", "f.yaml");
  try {
    root(far).members(kKnown);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "f.yaml:1:1: zzz: unknown key");
  }
  EXPECT_EQ(root(parse_yaml("budget: 1", "f.yaml")).members(kKnown).size(), 1U);
}

TEST(Yaml, Y5_duplicate_key) {
  expect_refused("a: 1\nb: 2\n'a': 3\n", "f.yaml:3:1: a: duplicate key, the first is in line 1");
  expect_refused("m: {x: 1, y: 2, x: 3}\n", "f.yaml:1:17: x: duplicate key");
  EXPECT_NO_THROW(parse_yaml("a: {a: 1}\nb: {a: 1}\n", "f.yaml"));
}

TEST(Yaml, Y6_wrong_types) {
  const YamlDocument document =
      parse_yaml("n: \"12\"\nt: true\ni: 1.5\nl: [1]\nm: {a: 1}\nz:\nf: nan\ns: 12\nq: 'true'\n", "f.yaml");
  const auto refused = [&](const char* key, const std::string& words, const auto& read) {
    expect_error(ErrorKind::model, {words}, [&] { read(root(document).at(key)); });
  };
  const auto integer = [](const YamlField& f) { f.integer({0, 100}); };
  const auto text = [](const YamlField& f) { f.text(); };
  refused("n", "f.yaml:1:4: n 12: must be a number, without quotes", integer);
  refused("t", "f.yaml:2:4: t true: must be text; put quotes around it", text);
  refused("i", "f.yaml:3:4: i 1.5: must be a whole number from 0 to 100", integer);
  refused("l", "f.yaml:4:4: l: must be a single value", text);
  refused("l", "must be a mapping", [](const YamlField& f) { f.members(); });
  refused("m", "must be a list", [](const YamlField& f) { f.items(); });
  refused("m", "the key 'b' is missing", [](const YamlField& f) { f.at("b"); });
  refused("z", "f.yaml:6:1: z: needs a value", text);
  refused("f", "f.yaml:7:4: f nan: must be a finite number", [](const YamlField& f) { f.number(); });
  refused("s", "f.yaml:8:4: s 12: must be a size above 0", [](const YamlField& f) { f.size(); });
  refused("s", "must be text; put quotes around it", text);
  refused("q", "must be true or false, without quotes", [](const YamlField& f) { f.boolean(); });
}

TEST(Yaml, typed_values) {
  const YamlDocument document = parse_yaml("i: -3\nn: 2.5\nb: true\nc: false\ns: 12.5GiB\nt: '12'\nu: off\n", "f.yaml");
  const YamlField fields = root(document);
  EXPECT_EQ(fields.at("i").integer({-5, 5}), -3);
  EXPECT_EQ(fields.at("n").number(), 2.5);
  EXPECT_TRUE(fields.at("b").boolean());
  EXPECT_FALSE(fields.at("c").boolean());
  EXPECT_EQ(fields.at("s").size(), 13'421'772'800U);
  EXPECT_EQ(fields.at("t").text(), "12");
  EXPECT_EQ(fields.at("u").word(), "off");
}

TEST(Yaml, Y7_no_and_octal) {
  const YamlDocument document = parse_yaml("a: no\nb: Yes\nc: 010\nd: 0o10\ne: 1_000\nf: 0x10\ng: 010.5\n", "f.yaml");
  const YamlField fields = root(document);
  expect_error(ErrorKind::model, {"f.yaml:1:4: a no: must be true or false; write false"},
               [&] { fields.at("a").boolean(); });
  expect_error(ErrorKind::model, {"b Yes: must be true or false; write true"}, [&] { fields.at("b").boolean(); });
  expect_error(ErrorKind::model, {"f.yaml:3:4: c 010", "without leading zeros"}, [&] {
    fields.at("c").integer({0, 100});
  });
  expect_error(ErrorKind::model, {"without leading zeros"}, [&] { fields.at("g").number(); });
  for (const char* key : {"d", "e", "f"}) {
    expect_error(ErrorKind::model, {"must be a whole number"}, [&] { fields.at(key).integer({0, 100'000}); });
  }
}

TEST(Yaml, Y8_tags) {
  for (const char* text :
       {"a: !!str x", "a: !custom x", "a: ! x", "é: ! x", "a: !!python/object/apply:os.system [x]", "a: !!map {}",
        "!!map\na: 1", "a: ! [1]", "!k a: 1", "a: !<x> y", "!2", "a: !2\n", "a:\n  b: !\n"}) {
    expect_refused(text, "tags (!) are not allowed");
  }
  expect_refused("%TAG ! tag:x,2000:\n---\na: !b c\n", "f.yaml:1:1: directives");
  EXPECT_EQ(root(parse_yaml("a: '!x'", "f.yaml")).at("a").text(), "!x");
}

TEST(Yaml, Y9_more_than_one_document) {
  expect_refused("a: 1\n---\nb: 2\n", "a second document");
  expect_refused("a: 1\n...\n---\n", "a second document");
  EXPECT_NO_THROW(parse_yaml("---\na: 1\n...\n", "f.yaml"));
}

TEST(Yaml, Y10_size) {
  const std::string path = testing::TempDir() + "zimage_y10.yaml";
  std::ofstream(path).close();
  std::filesystem::resize_file(path, 100'000'000);  // a hole: takes no space
  expect_error(ErrorKind::model, {path, "100000000"}, [&] { read_yaml(path); });
  std::filesystem::remove(path);
  expect_refused(std::string((1 << 18) + 1, '#'), "at most 262144");
}

TEST(Yaml, Y11_merge_keys) {
  expect_refused("a: {<<: {b: 1}}\n", "f.yaml:1:5: merge keys");
  expect_refused("<<: [{a: 1}]\n", "merge keys");
}

TEST(Yaml, bytes_that_are_no_text) {
  expect_refused("a: b\nc: \xC0\xAF\n", "f.yaml:2:4: the file must be UTF-8");
  expect_refused(std::string("\xFF\xFE"
                             "a\0:\0",
                             6),
                 "UTF-8");
  expect_refused(std::string("a: b\0c", 6), "f.yaml:1:5: a control character");
  expect_refused(
      "a: 1\n\x04"
      "b: 2\n",
      "f.yaml:2:1: a control character");
  expect_refused("a: 1\rb: 2\n", "a control character");
  expect_refused("a: \x1b[2J\n", "a control character");
}

TEST(Yaml, what_is_no_yaml) {
  expect_refused("a: 1\n b: 2\n", "f.yaml:2:");
  expect_refused("a: [1, 2\n", "not valid YAML");
  expect_refused("a: b: c\n", "not valid YAML");
  for (const char* text : {"a: \"x\n", "a: 'x\n", "a: 'x''\n", "a: \"x", "a: \"x\\\"\n"})
    expect_refused(text, "f.yaml:1:");
  expect_refused("a:\n\t- b\n", "f.yaml:2:2: not valid YAML");
  expect_refused("[a, b]: c\n", "a key must be text");
  expect_refused("? {a: b}\n: c\n", "a key must be text");
  expect_refused("~: c\n", "a key must be text");
}

// Found by the fuzzer.
TEST(Yaml, escapes_that_would_be_no_utf8) {
  expect_refused("a: \"x\\N\"\n", "f.yaml:1:4: the escapes \\N and \\_ are not read");
  expect_refused("\"x\\_\": 1\n", "write \\u0085 and \\u00A0");
  EXPECT_EQ(root(parse_yaml("a: \"\\u0085\\u00A0\\L\"", "f.yaml")).at("a").text(), "\xC2\x85\xC2\xA0\xE2\x80\xA8");
}

// A file of the largest size, made to be slow.
TEST(Yaml, the_largest_files_take_no_long) {
  for (const char* unit : {"[",
                           "- ",
                           "a",
                           "a: 1\n",
                           "- a\n",
                           "\n",
                           "#",
                           "{a: ",
                           "a, ",
                           "\"",
                           "&a ",
                           "? ",
                           "a:\n",
                           " ",
                           "x: [a, b, c]\n",
                           "'",
                           "!",
                           "|\n",
                           "- - - - - - - - a\n",
                           "[a, b]\n",
                           "%"}) {
    std::string text;
    while (text.size() + 20 < (1 << 18)) text += unit;
    const std::clock_t start = std::clock();
    try {
      parse_yaml(text, "f.yaml");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model);
    }
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_LE(seconds, 8) << unit;  // of the processor; generous: the sanitizers
  }
}

}  // namespace
}  // namespace zimage::config
