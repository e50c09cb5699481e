// zimage batch: lists, the journal, and what is there after a run that was stopped.
#include "app/batch_process.h"
#include "support/temp_dir.h"

#include <chrono>

namespace zimage {
namespace {

using test::content_of;
using test::TempDir;

TEST(Batch, G5_G6_pictures_equal_those_of_generate) {
  const TempDir dir;
  dir.write("p.txt", "# comment\na red circle\n\nb\n");
  const test::Outcome outcome = test::run_batch(dir, {"--prompts", "p.txt", "--seed", "7"});
  test::expect_success(outcome);
  EXPECT_EQ(outcome.out, "out/00000-a-red-circle-7.png\nout/00001-b-8.png\n");
  EXPECT_EQ(test::pictures_in(dir / "out"), (test::Names{"00000-a-red-circle-7.png", "00001-b-8.png"}));
  EXPECT_NE(outcome.err.find("2 images drawn, 0 failed"), std::string::npos) << outcome.err;
  test::expect_success(
      test::run_zimage(test::with_small_model({"generate", "--prompt", "b", "--seed", "8", "--out", "b.png"}, dir)));
  EXPECT_EQ(content_of(dir / "b.png"), content_of(dir / "out/00001-b-8.png"));
}

TEST(Batch, items_have_their_own_settings) {
  const TempDir dir;
  dir.write("p.jsonl",
            "{\"prompt\":\"a\",\"width\":48,\"seed\":5,\"count\":2,\"out\":\"own-{seed}.png\"}\n{\"prompt\":\"b\"}\n");
  test::expect_success(test::run_batch(dir, {"--prompts", "p.jsonl", "--seed", "1"}));
  EXPECT_EQ(test::pictures_in(dir / "out"), (test::Names{"00002-b-3.png", "own-5.png", "own-6.png"}));
  test::expect_success(test::run_zimage(
      test::with_small_model({"generate", "--prompt", "a", "--seed", "6", "--out", "a.png", "--width", "48"}, dir)));
  EXPECT_EQ(content_of(dir / "a.png"), content_of(dir / "out/own-6.png"));
}

TEST(Batch, a_second_run_draws_what_is_not_complete) {
  const TempDir dir;
  dir.write("p.txt", "a\nb\nc\n");
  test::expect_success(test::run_batch(dir, {"--prompts", "p.txt"}));
  const auto pictures = test::contents_of(dir / "out");
  const test::Names names = test::pictures_in(dir / "out");
  std::filesystem::remove(dir / "out" / names[0]);
  dir.write("out/" + names[1], "damaged");
  const test::Outcome outcome = test::run_batch(dir, {"--prompts", "p.txt"});
  test::expect_success(outcome);
  EXPECT_EQ(outcome.out, "out/" + names[0] + "\nout/" + names[1] + "\n");
  EXPECT_NE(outcome.err.find("2 images drawn, 0 failed, 1 were there already"), std::string::npos) << outcome.err;
  EXPECT_EQ(test::contents_of(dir / "out"), pictures);
}

TEST(Batch, a_list_may_grow_and_not_change) {
  const TempDir dir;
  dir.write("p.txt", "a\nb\n");
  test::expect_success(test::run_batch(dir, {"--prompts", "p.txt", "--seed", "1"}));
  dir.write("p.txt", "a\nb\nc\n");
  EXPECT_EQ(test::run_batch(dir, {"--prompts", "p.txt", "--resume"}).out, "out/00002-c-3.png\n");
  dir.write("p.txt", "a\nx\nc\n");
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt"}), 2,
                       {"p.txt:2: image 1", "zimage-journal.jsonl:3", "its prompt was b"});
  dir.write("p.txt", "a\nb\n");
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt"}), 2, {"image 2 (00002-c-3.png) was removed"});
  dir.write("p.txt", "a\nb\nc\n");
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt", "--seed", "2"}), 2, {"--seed was 1 and is 2 now"});
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt", "--dtype", "bf16"}), 2,
                       {"dtype was auto and is bf16 now"});
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt", "--out-dir", "new", "--resume"}), 2,
                       {"--resume: no journal"});
  EXPECT_EQ(test::pictures_in(dir / "out").size(), 3U);
}

TEST(Batch, P14_a_pipe_is_drawn_line_by_line) {
  const TempDir dir;
  test::Invocation invocation = test::batch_invocation(dir, {"--prompts", "-", "--seed", "1"});
  invocation.wrapper = {"sh", "-c", "printf 'a\\nb\\n# c\\nd' | \"$@\"", "sh"};
  test::Outcome outcome = test::run_zimage(invocation);
  test::expect_success(outcome);
  EXPECT_EQ(outcome.out, "out/00000-a-1.png\nout/00001-b-2.png\nout/00002-d-3.png\n");
  const auto pictures = test::contents_of(dir / "out");
  std::filesystem::remove(dir / "out/00001-b-2.png");
  outcome = test::run_zimage(invocation);
  EXPECT_EQ(outcome.out, "out/00001-b-2.png\n");
  EXPECT_EQ(test::contents_of(dir / "out"), pictures);
  invocation.wrapper[2] = "printf 'a\\nx\\n' | \"$@\"";
  outcome = test::run_zimage(invocation);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("standard input:2: image 1 is another one"), std::string::npos) << outcome.err;
}

TEST(Batch, a_pipe_is_not_kept_waiting) {
  const TempDir dir;
  test::Invocation invocation = test::batch_invocation(dir, {"--prompts", "-", "--seed", "1"});
  // The second line comes when the first one's picture is there.
  invocation.wrapper = {"sh", "-c",
                        "{ echo a; until test -e out/00000-a-1.png; do sleep 0.05; done; echo b; } | \"$@\"", "sh"};
  test::expect_success(test::run_zimage(invocation));
  EXPECT_EQ(test::pictures_in(dir / "out").size(), 2U);
}

TEST(Batch, P13_what_came_before_a_bad_line_of_a_pipe_is_drawn) {
  const TempDir dir;
  test::Invocation invocation =
      test::batch_invocation(dir, {"--prompts", "-", "--seed", "1", "--name-template", "{slug}.png"});
  invocation.wrapper = {"sh", "-c", "printf 'a\\nb\\nA\\nc\\n' | \"$@\"", "sh"};
  const test::Outcome outcome = test::run_zimage(invocation);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_EQ(outcome.out, "out/a.png\nout/b.png\n");
  EXPECT_NE(outcome.err.find("standard input:3: image 2 would have the name of image 0"), std::string::npos)
      << outcome.err;
}

TEST(Batch, an_image_that_fails_does_not_stop_the_others) {
  const TempDir dir;
  const std::string bad = "{\"prompt\":\"b\",\"guidance_scale\":1e300}\n";
  dir.write("p.jsonl", "{\"prompt\":\"a\"}\n" + bad + "{\"prompt\":\"c\"}\n");
  const test::Outcome outcome = test::run_batch(dir, {"--prompts", "p.jsonl", "--seed", "1"});
  EXPECT_EQ(outcome.exit_code, 8) << outcome.err;
  EXPECT_EQ(test::pictures_in(dir / "out"), (test::Names{"00000-a-1.png", "00002-c-3.png"}));
  EXPECT_NE(outcome.err.find("00001-b-2.png: "), std::string::npos) << outcome.err;
  EXPECT_NE(content_of(dir / "out/zimage-journal.jsonl").find("\"status\":\"failed\""), std::string::npos);
  const test::Outcome again = test::run_batch(dir, {"--prompts", "p.jsonl"});
  EXPECT_EQ(again.exit_code, 8) << again.err;
  EXPECT_EQ(again.out, "") << "only what failed is tried again";
  const test::Outcome fast =
      test::run_batch(dir, {"--prompts", "p.jsonl", "--seed", "1", "--fail-fast", "--out-dir", "fast"});
  EXPECT_EQ(fast.exit_code, 8) << fast.err;
  EXPECT_EQ(test::pictures_in(dir / "fast"), test::Names{"00000-a-1.png"});
}

struct Refusal {
  std::string name, file, content;
  std::vector<std::string> options;
  int exit_code;
  std::vector<std::string> words;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class BatchRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(BatchRefusals, before_anything_is_drawn) {
  const Refusal& r = GetParam();
  const TempDir dir;
  dir.write(r.file, r.content);
  std::vector<std::string> options = r.options;
  if (std::find(options.begin(), options.end(), "--prompts") == options.end()) {
    options.insert(options.end(), {"--prompts", r.file});
  }
  const test::Outcome outcome = test::run_batch(dir, options);
  test::expect_refused(outcome, r.exit_code, r.words);
  EXPECT_EQ(dir.entries(), 1U) << "something was left behind";
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    Lists, BatchRefusals,
    testing::Values(
        Refusal{"P3_truncated_utf8", "p.txt", "a\nb\xE4\n", {}, 2, {"p.txt:2: byte 2", "UTF-8"}},
        Refusal{"P4_nul", "p.txt", "a\nb\0\n"s, {}, 2, {"p.txt:2: byte 2", "NUL"}},
        Refusal{"P12_leaves_the_folder", "p.txt", "a\n", {"--name-template", "../{index}.png"}, 2, {"--name-template"}},
        Refusal{"P12_of_an_item", "p.jsonl", R"({"prompt":"a","out":"../x.png"})", {}, 2, {"p.jsonl:1: out"}},
        Refusal{"P13_names_collide", "p.txt", "a\nA\n", {"--name-template", "{slug}.png"}, 2, {"p.txt:2", "image 0"}},
        Refusal{"A4_width_1000", "p.csv", "prompt,width\na,1000\n", {}, 2, {"p.csv:2: width 1000"}},
        Refusal{"A8_seeds_end", "p.txt", "a\nb\n", {"--seed", "18446744073709551615"}, 2, {"p.txt:2: --seed"}},
        Refusal{"A18_no_option_of_generate_alone", "p.txt", "a\n", {"--prompt", "b"}, 2, {"--prompt"}},
        Refusal{"X9_the_list_is_a_folder", "p/x", "", {"--prompts", "p"}, 2, {"p: not a regular file"}},
        Refusal{"A11_no_parent", "p.txt", "a\n", {"--out-dir", "no/out"}, 4, {"--out-dir", "No such file"}},
        Refusal{"shard_without_a_seed", "p.txt", "a\n", {"--shard", "0/2"}, 2, {"--shard: needs --seed"}},
        Refusal{"shard_auto_without_variables", "p.txt", "a\n", {"--shard", "auto"}, 2, {"RANK", "SLURM_PROCID"}},
        Refusal{"sheet_of_another_kind", "p.txt", "a\n", {"--contact-sheet", "x.pdf"}, 2, {".html or .png"}},
        Refusal{"P13_a_sheet_of_a_pictures_name",
                "p.txt",
                "a\n",
                {"--seed", "1", "--contact-sheet", "out/00000-a-1.png"},
                2,
                {"p.txt:1: image 0", "--contact-sheet"}},
        Refusal{"format", "p.txt", "a\n", {"--format", "xml"}, 2, {"--format xml"}},
        Refusal{"no_report_without_journals", "p.txt", "a\n", {"--merge-report"}, 2, {"--merge-report"}}),
    [](const auto& info) { return info.param.name; });

TEST(Batch, A14_a_picture_that_is_there_is_not_replaced) {
  const TempDir dir;
  dir.write("p.txt", "a\nb\n");
  dir.write("out/00001-b-2.png", "mine");
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt", "--seed", "1"}), 4,
                       {"p.txt:2", "00001-b-2.png", "already exists", "--force"});
  EXPECT_EQ(test::pictures_in(dir / "out").size(), 1U);
  test::expect_success(test::run_batch(dir, {"--prompts", "p.txt", "--seed", "1", "--force"}));
  EXPECT_NE(content_of(dir / "out/00001-b-2.png"), "mine");
}

TEST(Batch, R29_a_corrupt_journal_is_named) {
  const TempDir dir;
  dir.write("p.txt", "a\n");
  test::expect_success(test::run_batch(dir, {"--prompts", "p.txt"}));
  const std::string journal = content_of(dir / "out/zimage-journal.jsonl");
  dir.write("out/zimage-journal.jsonl", journal + "{}\n" + journal);
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt"}), 4, {"out/zimage-journal.jsonl:3: "});
  dir.write("out/zimage-journal.jsonl", journal + "{\"torn");
  test::expect_success(test::run_batch(dir, {"--prompts", "p.txt"}));
  EXPECT_EQ(content_of(dir / "out/zimage-journal.jsonl"), journal + "{\"torn") << "nothing was to be done";
}

TEST(Batch, R4_what_a_killed_run_left_is_removed) {
  const TempDir dir;
  dir.write("p.txt", "a\n");
  const auto old = dir.write("out/.zimage-123.tmp", "torn"), young = dir.write("out/.zimage-124.tmp", "torn");
  const auto other = dir.write("out/.zimage-x.tmp", "mine");
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time(old, long_ago);
  std::filesystem::last_write_time(other, long_ago);
  test::expect_success(test::run_batch(dir, {"--prompts", "p.txt"}));
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(young)) << "another run may be writing it";
  EXPECT_TRUE(std::filesystem::exists(other));
}

TEST(Batch, a_dry_run_writes_nothing) {
  const TempDir dir;
  dir.write("p.txt", "a {x|y}\nb\n");
  const test::Outcome outcome = test::run_batch(dir, {"--prompts", "p.txt", "--expand", "--dry-run", "--count", "2"});
  test::expect_success(outcome);
  EXPECT_EQ(outcome.out.rfind("6 images to draw, 0 there already, 6 in the list\n6 images of 32x32, 1 evaluations", 0),
            0U)
      << outcome.out;
  EXPECT_NE(outcome.out.find("of disk\n"), std::string::npos) << outcome.out;
  EXPECT_EQ(dir.entries(), 1U);
}

TEST(Batch, contact_sheets_show_all_pictures) {
  const TempDir dir;
  dir.write("p.jsonl", "{\"prompt\":\"<b> & 'c' \\u001b[31m\"}\n{\"prompt\":\"d\",\"out\":\"100% x.png\"}\n");
  test::expect_success(test::run_batch(dir, {"--prompts", "p.jsonl", "--contact-sheet", "all.html"}));
  const std::string page = content_of(dir / "all.html");
  EXPECT_NE(page.find("&lt;b&gt; &amp; &#39;c&#39; \\x1b[31m"), std::string::npos) << page;
  EXPECT_NE(page.find("src=\"out/100%25%20x.png\""), std::string::npos) << page;
  test::expect_success(test::run_batch(dir, {"--prompts", "p.jsonl", "--contact-sheet", "out/all.png"}));
  EXPECT_EQ(content_of(dir / "out/all.png").substr(1, 3), "PNG");
}

TEST(Batch, shards_draw_what_one_run_draws) {
  const TempDir dir;
  dir.write("p.txt", "a\nb\nc\nd\ne\n");
  test::expect_success(test::run_batch(dir, {"--prompts", "p.txt", "--seed", "1"}));
  std::vector<std::unique_ptr<test::ZimageProcess>> processes;
  for (const std::string rank : {"0", "1", "2"}) {
    test::Invocation invocation =
        test::batch_invocation(dir, {"--prompts", "p.txt", "--seed", "1", "--shard", "auto", "--out-dir", "shards"});
    invocation.environment = {{"RANK", rank}, {"WORLD_SIZE", "3"}, {"LOCAL_RANK", rank}};
    processes.push_back(std::make_unique<test::ZimageProcess>(invocation));
  }
  for (const auto& process : processes) test::expect_success(process->wait());
  EXPECT_EQ(test::contents_of(dir / "shards"), test::contents_of(dir / "out"));
  test::Invocation report =
      test::batch_invocation(dir, {"--merge-report=all.json", "--contact-sheet", "all.html", "--out-dir", "shards"});
  test::Outcome outcome = test::run_zimage(report);
  test::expect_success(outcome);
  EXPECT_EQ(outcome.out.rfind("3 journals: 5 drawn, 0 failed\n", 0), 0U) << outcome.out;
  EXPECT_NE(content_of(dir / "all.json").find("\"drawn\":5"), std::string::npos);
  std::filesystem::remove(dir / "shards/zimage-journal-1-of-3.jsonl");
  report.arguments.push_back("--force");
  outcome = test::run_zimage(report);
  EXPECT_EQ(outcome.exit_code, 8);
  EXPECT_NE(outcome.out.find("shard 1/3: no journal"), std::string::npos) << outcome.out;
  test::expect_refused(test::run_batch(dir, {"--prompts", "p.txt", "--seed", "1", "--out-dir", "shards"}), 4,
                       {"another --shard"});
}

}  // namespace
}  // namespace zimage
