// Items turned into images: order, seeds, names.
#include "batch/job_reader.h"

#include "batch/shard.h"
#include "io/sha256.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace zimage::batch {
namespace {

JobReader reader(const JobRules& rules, std::string_view jsonl) {
  return {rules, ItemReader(Format::jsonl, source_of(jsonl, "p"))};
}

std::vector<Job> jobs(const JobRules& rules, std::string_view jsonl) {
  JobReader source = reader(rules, jsonl);
  std::vector<Job> jobs;
  while (auto job = source.next()) jobs.push_back(std::move(*job));
  return jobs;
}

std::vector<std::string> told(const JobRules& rules, std::string_view jsonl) {
  std::vector<std::string> lines;
  for (const Job& job : jobs(rules, jsonl)) {
    lines.push_back(std::to_string(job.index) + " " + job.request.prompt + " " + std::to_string(job.request.seed));
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Jobs, seeds_are_the_first_plus_the_index) {
  JobRules rules;
  rules.defaults.seed = 100;
  EXPECT_EQ(told(rules, R"({"prompt":"a","count":2}
{"prompt":"b","seed":5,"count":2}
{"prompt":"c"})"),
            (Lines{"0 a 100", "1 a 101", "2 b 5", "3 b 6", "4 c 104"}));
  rules.defaults.count = 2;
  EXPECT_EQ(told(rules, R"({"prompt":"a"}
{"prompt":"b","count":1})"),
            (Lines{"0 a 100", "1 a 101", "2 b 102"}));
}

TEST(Jobs, alternatives_are_nested_loops_the_last_list_first) {
  JobRules rules;
  const std::string_view text = R"({"prompt":"{a|b} {{x}} {1|2|}","count":1})";
  EXPECT_EQ(told(rules, text), Lines{"0 {a|b} {{x}} {1|2|} 0"});
  rules.expand = true;
  EXPECT_EQ(told(rules, text),
            (Lines{"0 a {x} 1 0", "1 a {x} 2 1", "2 a {x}  2", "3 b {x} 1 3", "4 b {x} 2 4", "5 b {x}  5"}));
  EXPECT_EQ(told(rules, R"({"prompt":"{a|b}","seed":7,"count":2})"), (Lines{"0 a 7", "1 a 8", "2 b 7", "3 b 8"}));
}

TEST(Jobs, expansions_that_break_a_rule_are_refused) {
  JobRules rules;
  rules.expand = true;
  std::string many;
  for (int i = 0; i < 100; ++i) many += "{a|b}";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"a {b|c", "p:1: prompt: byte 3: --expand: a { without its }"},
      {"a b}", "byte 4: --expand: a } without its {"},
      {"{a|{b|c}}", "a list in a list"},
      {many, "more than 1000000 prompts"}};
  for (const auto& [prompt, rule] : cases) {
    test::expect_error(ErrorKind::usage, {rule},
                       [&, &prompt = prompt] { jobs(rules, "{\"prompt\":\"" + prompt + "\"}"); });
  }
}

TEST(Jobs, an_item_wins_over_the_defaults) {
  JobRules rules;
  rules.defaults.request.width = 64;
  rules.defaults.request.steps = 3;
  rules.defaults.request.negative_prompt = "n";
  const auto made = jobs(rules, R"({"prompt":"a","width":32,"height":48,"steps":4,"guidance_scale":2}
{"prompt":"b","negative_prompt":""})");
  EXPECT_EQ(made[0].request.width, 32);
  EXPECT_EQ(made[0].request.height, 48);
  EXPECT_EQ(made[0].request.steps, 4);
  EXPECT_EQ(made[0].request.guidance_scale, 2);
  EXPECT_EQ(made[0].request.negative_prompt, "n");
  EXPECT_EQ(made[1].request.width, 64);
  EXPECT_EQ(made[1].request.steps, 3);
  EXPECT_EQ(made[1].request.negative_prompt, "");
  EXPECT_EQ(made[1].line, 2U);
}

TEST(Jobs, A8_seeds_end) {
  JobRules rules;
  rules.defaults.seed = 18446744073709551614U;
  JobReader source = reader(rules, "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"c\"}");
  EXPECT_EQ(source.next()->request.seed, 18446744073709551614U);
  EXPECT_EQ(source.next()->request.seed, 18446744073709551615U);
  test::expect_error(ErrorKind::usage, {"p:3: --seed", "18446744073709551615"}, [&] { source.next(); });
  test::expect_error(ErrorKind::usage, {"p:1: seed 18446744073709551615 and 1 more"},
                     [] { jobs({}, R"({"prompt":"a","seed":18446744073709551615,"count":2})"); });
}

TEST(Jobs, names_come_from_the_template_or_the_item) {
  const auto made = jobs({}, R"({"prompt":"A b"}
{"prompt":"c","out":"own-{index}.png","count":2})");
  EXPECT_EQ(made[0].file, "00000-a-b-0.png");
  EXPECT_EQ(made[1].file, "own-1.png");
  EXPECT_EQ(made[2].file, "own-2.png");
}

TEST(Jobs, P13_names_that_collide_are_refused) {
  JobRules rules;
  rules.name_template = "{slug}.png";
  test::expect_error(ErrorKind::usage, {"p:3: image 2 would have the name of image 0", "a.png"},
                     [&] { jobs(rules, "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"A!\"}"); });
  test::expect_error(ErrorKind::usage, {"p:1: image 1 would have the name of image 0"},
                     [] { jobs({}, R"({"prompt":"a","out":"x.png","count":2})"); });
  test::expect_error(ErrorKind::usage, {"p:2: image 1 would have the name of image 0"},
                     [] { jobs({}, "{\"prompt\":\"a\",\"out\":\"x.png\"}\n{\"prompt\":\"a\",\"out\":\"X.png\"}"); });
}

TEST(Jobs, P12_an_items_own_name_stays_in_the_folder) {
  for (const std::string name : {"../x.png", "/x.png", "a/b.png", "x.jpg", ""}) {
    test::expect_error(ErrorKind::usage, {"p:1: out"}, [&] { jobs({}, R"({"prompt":"a","out":")" + name + "\"}"); });
  }
}

TEST(Shards, divide_the_list) {
  const Shard shard = parse_shard("--shard", "1/3");
  EXPECT_TRUE(shard.has(1) && shard.has(4) && !shard.has(0) && !shard.has(2));
  EXPECT_EQ(to_string(shard), "1/3");
  EXPECT_TRUE(parse_shard("--shard", "0/1").is_whole());
  for (const std::string_view text : {"3/3", "-1/3", "1", "1/", "/3", "1/0", "a/b", "1/3/4", "0/99999999"}) {
    test::expect_error(ErrorKind::usage, {"--shard"}, [&] { parse_shard("--shard", text); });
  }
}

TEST(Sha256, equals_the_published_examples) {
  EXPECT_EQ(io::hex(io::sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(io::hex(io::sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(io::hex(io::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(io::hex(io::sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace zimage::batch
