// Prompt files of each format: what is read, and what is refused with file, line, field and rule.
#include "batch/item_reader.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace zimage::batch {
namespace {

std::vector<Item> read(Format format, std::string_view text) {
  std::vector<Item> items;
  parse_items(format, text, "p", [&](Item item) { items.push_back(std::move(item)); });
  return items;
}

std::vector<std::string> prompts(Format format, std::string_view text) {
  std::vector<std::string> prompts;
  for (const Item& item : read(format, text)) prompts.push_back(item.prompt);
  return prompts;
}

using Prompts = std::vector<std::string>;

TEST(TextItems, a_prompt_a_line_without_comments_and_blank_lines) {
  EXPECT_EQ(prompts(Format::text, "a\n# b\n\n \t\n  # c\n d \ne # f\n"), (Prompts{"a", " d ", "e # f"}));
  EXPECT_EQ(prompts(Format::text, ""), Prompts{});
  EXPECT_EQ(read(Format::text, "\n\na\n")[0].line, 3U);
}

TEST(TextItems, P5_P6_P14_line_ends_byte_order_mark_no_final_newline) {
  EXPECT_EQ(prompts(Format::text,
                    "\xEF\xBB\xBF"
                    "a\r\nb\r\n\r\nc"),
            (Prompts{"a", "b", "c"}));
  EXPECT_EQ(prompts(Format::text, "a\rb\n"), Prompts{"a\rb"});
}

TEST(TextItems, P7_a_prompt_of_one_megabyte) {
  const std::string prompt(1 << 20, 'A');
  EXPECT_EQ(prompts(Format::text, prompt + "\nb"), (Prompts{prompt, "b"}));
}

TEST(TextItems, lines_may_come_in_pieces_of_any_size) {
  const std::string text =
      "\xEF\xBB\xBF"
      "ä b\r\n\nç\nlast";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    std::size_t at = 0;
    const auto read = [&](std::span<char> out) {
      const std::size_t bytes = std::min({piece, out.size(), text.size() - at});
      std::copy_n(text.data() + at, bytes, out.data());
      at += bytes;
      return bytes;
    };
    ItemReader reader(Format::text, {"p", read, nullptr});
    EXPECT_EQ(reader.next()->prompt, "ä b") << piece;
    EXPECT_EQ(reader.next()->prompt, "ç") << piece;
    EXPECT_EQ(reader.next()->prompt, "last") << piece;
    EXPECT_FALSE(reader.next()) << piece;
  }
}

TEST(TextItems, a_pipe_is_not_read_further_than_the_line_needs) {
  int reads = 0;
  const auto read = [&](std::span<char> out) -> std::size_t {
    if (++reads > 1) return 0;
    std::string_view("a\nb\nc").copy(out.data(), out.size());
    return 5;
  };
  ItemReader reader(Format::text, {"p", read, [] { return false; }});
  EXPECT_FALSE(reader.is_ready());
  EXPECT_EQ(reader.next()->prompt, "a");
  EXPECT_TRUE(reader.is_ready());
  EXPECT_EQ(reader.next()->prompt, "b");
  EXPECT_EQ(reads, 1);
  EXPECT_FALSE(reader.is_ready()) << "the line may go on";
  EXPECT_EQ(reader.next()->prompt, "c");
  EXPECT_TRUE(reader.is_ready());
}

TEST(TextItems, P14_a_million_lines) {
  std::size_t sent = 0, count = 0;
  const auto read = [&](std::span<char> out) -> std::size_t {
    std::size_t bytes = 0;
    for (; sent < 1'000'000 && bytes + 4 <= out.size(); ++sent, bytes += 4) std::copy_n("abc\n", 4, out.data() + bytes);
    if (bytes == 0 && sent == 1'000'000) {
      ++sent;
      out[0] = 'x';
      return 1;
    }
    return bytes;
  };
  ItemReader reader(Format::text, {"p", read, nullptr});
  while (auto item = reader.next()) count += item->prompt == "abc" || item->prompt == "x" ? 1 : 0;
  EXPECT_EQ(count, 1'000'001U);
}

struct Refusal {
  std::string name;
  Format format;
  std::string text;
  std::vector<std::string> words;
};

// For the names of tests: without it they would hold the bytes of strings.
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, with_the_place_and_the_rule) {
  test::expect_error(ErrorKind::usage, GetParam().words, [] { read(GetParam().format, GetParam().text); });
}

TEST(TextItems, too_long_a_line) {
  test::expect_error(ErrorKind::usage, {"p:1", "16777216"},
                     [] { read(Format::text, std::string((16u << 20) + 1, 'a')); });
}

TEST(YamlItems, Y10_too_large) {
  test::expect_error(ErrorKind::usage, {"p: more than the 1048576"},
                     [] { read(Format::yaml, std::string(3 << 20, '#')); });
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    Text, Refused,
    testing::Values(Refusal{"P3_overlong", Format::text, "a\n\xC0\x80\n", {"p:2: byte 1", "UTF-8"}},
                    Refusal{"P3_truncated", Format::text, "a\nbc\xE4\xBD\nd\n", {"p:2: byte 3", "UTF-8"}},
                    Refusal{"P3_surrogate", Format::text, "\xED\xA0\x80", {"p:1: byte 1", "UTF-8"}},
                    Refusal{"P4_nul", Format::text, "a\nb\0c\n"s, {"p:2: byte 2", "NUL"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    JsonLines, Refused,
    testing::Values(
        Refusal{"P3_truncated", Format::jsonl, "{\"prompt\":\"\xE4\"}", {"p:1: byte 12", "UTF-8"}},
        Refusal{"P4_nul_byte", Format::jsonl, "{\"prompt\":\"\0\"}"s, {"p:1: byte 12", "NUL"}},
        Refusal{"P4_escaped_nul", Format::jsonl, R"({"prompt":"a\u0000"})", {"p:1: prompt: byte 1", "NUL"}},
        Refusal{"P3_lone_surrogate", Format::jsonl, R"({"prompt":"\ud800"})", {"p:1"}},
        Refusal{"no_object", Format::jsonl, "{\"prompt\":\"a\"}\n[]", {"p:2: must be a JSON object"}},
        Refusal{"not_json", Format::jsonl, "\n\na red circle", {"p:3: byte "}},
        Refusal{"two_values_in_a_line", Format::jsonl, R"({"prompt":"a"} {"prompt":"b"})", {"p:1: byte "}},
        Refusal{"no_prompt", Format::jsonl, R"({"seed":1})", {"p:1: the field 'prompt' is missing"}},
        Refusal{"null_prompt", Format::jsonl, R"({"prompt":null})", {"p:1: the field 'prompt' is missing"}},
        Refusal{"unknown_field", Format::jsonl, R"({"prompt":"a","sead":1})", {"p:1: sead: unknown field", "'seed'"}},
        Refusal{"duplicate_field", Format::jsonl, R"({"prompt":"a","prompt":"b"})", {"p:1: duplicate key \"prompt\""}},
        Refusal{"a_number_as_text", Format::jsonl, R"({"prompt":"a","seed":"1"})", {"p:1: seed: must be a number"}},
        Refusal{"text_as_a_number", Format::jsonl, R"({"prompt":7})", {"p:1: prompt: must be a string, not integer"}},
        Refusal{"A1_width_0", Format::jsonl, R"({"prompt":"a","width":0})", {"p:1: width 0: must be a multiple of 16"}},
        Refusal{"A2_minus_1", Format::jsonl, R"({"prompt":"a","height":-1})", {"p:1: height -1: must be a multiple"}},
        Refusal{"A4_width_1000", Format::jsonl, R"({"prompt":"a","width":1000})", {"p:1: width 1000"}},
        Refusal{"a_fraction", Format::jsonl, R"({"prompt":"a","width":512.0})", {"p:1: width 512.0"}},
        Refusal{"A6_steps_0", Format::jsonl, R"({"prompt":"a","steps":0})", {"p:1: steps 0: must be a whole number"}},
        Refusal{"A7_seed_minus_1", Format::jsonl, R"({"prompt":"a","seed":-1})", {"p:1: seed -1"}},
        Refusal{"A7_seed_2_64", Format::jsonl, R"({"prompt":"a","seed":18446744073709551616})", {"p:1: seed"}},
        Refusal{"A9_infinite", Format::jsonl, R"({"prompt":"a","guidance_scale":1e999})", {"p:1"}},
        Refusal{"A10_count", Format::jsonl, R"({"prompt":"a","count":1000000000})", {"p:1: count 1000000000"}},
        Refusal{"deep", Format::jsonl, "{\"prompt\":" + std::string(100'000, '['), {"p:1: byte "}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Csv, Refused,
    testing::Values(
        Refusal{"empty", Format::csv, "", {"p:1: the first line must name the fields"}},
        Refusal{"no_header", Format::csv, "a red circle\nb\n", {"p:1: a red circle: unknown field"}},
        Refusal{"no_prompt", Format::csv, "seed\n1\n", {"p:1", "'prompt' is missing"}},
        Refusal{"named_twice", Format::csv, "prompt,prompt\na,b\n", {"p:1: prompt: named twice"}},
        Refusal{"too_many_fields", Format::csv, "prompt\na\nb,c\n", {"p:3: 2 fields, the first line names 1"}},
        Refusal{"too_few_fields", Format::csv, "prompt,seed\na\n", {"p:2: 1 fields, the first line names 2"}},
        Refusal{"quote_inside", Format::csv, "prompt\na \"b\"\n", {"p:2:3: a field that holds a quote"}},
        Refusal{"after_a_quote", Format::csv, "prompt,seed\n\"a\"b,1\n", {"p:2:4: after a closing quote"}},
        Refusal{"open_quote", Format::csv, "prompt\na\n\"b\nc\n", {"p:3: a quote is not closed"}},
        Refusal{"bad_number", Format::csv, "seed,prompt\n1,a\nx,b\n", {"p:3: seed x: must be a whole number"}},
        Refusal{"P3_truncated", Format::csv, "prompt\na\xE4\n", {"p:2: byte 2", "UTF-8"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Yaml, Refused,
    testing::Values(
        Refusal{"Y1_anchors", Format::yaml, "- &a x\n- *a\n", {"p:1:3", "anchors"}},
        Refusal{"Y4_unknown_key", Format::yaml, "- prompt: a\n  sead: 1\n", {"p:2:3", "did you mean 'seed'?"}},
        Refusal{"Y4_unknown_root_key", Format::yaml, "prompt: a\n", {"p:1:1", "unknown key"}},
        Refusal{"Y5_duplicate_key", Format::yaml, "- prompt: a\n  prompt: b\n", {"p:2:3", "duplicate key"}},
        Refusal{"Y6_a_number_as_a_prompt", Format::yaml, "- a\n- 7\n", {"p:2:3", "put quotes around it"}},
        Refusal{
            "Y6_a_number_in_quotes", Format::yaml, "- prompt: a\n  seed: '1'\n", {"p:2:9", "seed", "without quotes"}},
        Refusal{"Y7_octal", Format::yaml, "- prompt: a\n  seed: 010\n", {"p:2:9", "leading zeros"}},
        Refusal{"no_list", Format::yaml, "prompts: a\n", {"p:1:10: prompts: must be a list"}},
        Refusal{"a_list_in_a_list", Format::yaml, "- [a]\n", {"p:1:3", "must be a single value"}},
        Refusal{"no_prompt", Format::yaml, "- seed: 1\n", {"p:1:3", "'prompt' is missing"}},
        Refusal{"width",
                Format::yaml,
                "prompts:\n- prompt: a\n  width: 1000\n",
                {"p:3:10: width 1000: must be a multiple of 16"}},
        Refusal{"P4_nul", Format::yaml, "- \"a\\0\"\n", {"p:1:3", "NUL"}}),
    [](const auto& info) { return info.param.name; });

void expect_all_fields(const Item& item) {
  EXPECT_EQ(item.prompt, "a, b");
  EXPECT_EQ(item.negative_prompt, "c");
  EXPECT_EQ(item.seed, 18446744073709551615U);
  EXPECT_EQ(item.width, 512);
  EXPECT_EQ(item.height, 256);
  EXPECT_EQ(item.steps, 5);
  EXPECT_EQ(item.guidance_scale, 2.5);
  EXPECT_EQ(item.count, 3);
  EXPECT_EQ(item.out, "x{index}.png");
}

TEST(JsonItems, every_field) {
  const auto items =
      read(Format::jsonl,
           "\n{\"prompt\":\"a, b\",\"negative_prompt\":\"c\",\"seed\":18446744073709551615,\"width\":512,"
           "\"height\":256,\"steps\":5,\"guidance_scale\":2.5,\"count\":3,\"out\":\"x{index}.png\"}\r\n"
           "{\"prompt\":\"d\",\"seed\":null}");
  ASSERT_EQ(items.size(), 2U);
  expect_all_fields(items[0]);
  EXPECT_EQ(items[0].line, 2U);
  EXPECT_FALSE(items[1].seed);
}

TEST(CsvItems, every_field_in_any_order) {
  const auto items = read(Format::csv,
                          "seed,prompt,negative_prompt,width,height,steps,guidance_scale,count,out\r\n"
                          "18446744073709551615,\"a, b\",c,512,256,5,2.5,3,x{index}.png\r\n"
                          ",,,,,,,,\r\n");
  ASSERT_EQ(items.size(), 2U);
  expect_all_fields(items[0]);
  EXPECT_EQ(items[1].prompt, "");
  EXPECT_FALSE(items[1].seed);
  EXPECT_FALSE(items[1].out);
}

TEST(CsvItems, quotes_hold_commas_quotes_and_line_ends) {
  const auto items = read(Format::csv, "prompt,seed\n\"a \"\"b\"\", c\nd\",1\n\n\"\",2\ne,3");
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].prompt, "a \"b\", c\nd");
  EXPECT_EQ(items[0].line, 2U);
  EXPECT_EQ(items[1].prompt, "");
  EXPECT_EQ(items[1].line, 5U);
  EXPECT_EQ(items[2].prompt, "e");
  EXPECT_EQ(items[2].seed, 3U);
}

TEST(YamlItems, a_list_of_prompts_and_mappings) {
  const auto items = read(Format::yaml,
                          "prompts:\n- a\n- prompt: 'a, b'\n  negative_prompt: c\n  seed: 18446744073709551615\n"
                          "  width: 512\n  height: 256\n  steps: 5\n  guidance_scale: 2.5\n  count: 3\n"
                          "  out: x{index}.png\n");
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].prompt, "a");
  EXPECT_EQ(items[0].line, 2U);
  expect_all_fields(items[1]);
  EXPECT_EQ(items[1].line, 3U);
  EXPECT_EQ(prompts(Format::yaml, "- a\n- b\n"), (Prompts{"a", "b"}));
  EXPECT_EQ(prompts(Format::yaml, "# nothing\n"), Prompts{});
}

TEST(Format, goes_by_the_end_of_the_name) {
  EXPECT_EQ(format_of("a.txt"), Format::text);
  EXPECT_EQ(format_of("csv"), Format::text);
  EXPECT_EQ(format_of("a.jsonl"), Format::jsonl);
  EXPECT_EQ(format_of("d.csv/a.ndjson"), Format::jsonl);
  EXPECT_EQ(format_of("a.csv"), Format::csv);
  EXPECT_EQ(format_of("a.yaml"), Format::yaml);
  EXPECT_EQ(format_of("a.yml"), Format::yaml);
}

}  // namespace
}  // namespace zimage::batch
