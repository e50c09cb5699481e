// The journal: what is read back, what a crash leaves, and who may have it.
#include "batch/journal.h"

#include "support/expect_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <limits>

namespace zimage::batch {
namespace {

using test::TempDir;

JournalHeader header() { return {"1.2.3", 7, {}, {{"model", "m"}, {"dtype", "auto"}}}; }

JournalEntry entry(std::uint64_t index) {
  JournalEntry entry;
  entry.job.index = index;
  entry.job.line = 3;
  entry.job.file = std::to_string(index) + ".png";
  Request& request = entry.job.request;
  request.prompt = "a \"red\" circle\n\u2028ä";
  request.negative_prompt = "b";
  request.seed = std::numeric_limits<std::uint64_t>::max() - index;
  request.width = 64;
  request.height = 32;
  request.guidance_scale = 0.1;
  entry.status = Status::done;
  entry.seconds = 1.25;
  entry.plan = "whole";
  entry.bytes = 1000;
  entry.sha256 = std::string(64, 'a');
  return entry;
}

std::size_t count_entries(const std::filesystem::path& path) {
  std::size_t count = 0;
  read_journal_file(path, [&](const JournalEntry&, std::size_t) { ++count; });
  return count;
}

TEST(JournalEntry, is_read_as_it_was_written) {
  const JournalEntry written = entry(5);
  const std::string line = to_line(written);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const JournalEntry read = entry_of(line, "j:1");
  EXPECT_EQ(to_line(read), line);
  EXPECT_EQ(identity_of(read.job), identity_of(written.job));
  EXPECT_EQ(read.job.request.seed, written.job.request.seed);
  JournalEntry failed = entry(6);
  failed.status = Status::failed;
  failed.error = "not finite";
  EXPECT_EQ(entry_of(to_line(failed), "j:1").error, "not finite");
  EXPECT_EQ(to_line(header_of(to_line(header()), "j:1")), to_line(header()));
}

TEST(Journal, goes_on_where_it_ended) {
  const TempDir dir;
  {
    EXPECT_FALSE(Journal::open(dir.path(), {}));
    Journal journal = Journal::create(dir.path(), header());
    journal.append(entry(0));
    journal.append(entry(2));
  }
  {
    auto journal = Journal::open(dir.path(), {});
    ASSERT_TRUE(journal);
    EXPECT_EQ(journal->header()->seed, 7U);
    EXPECT_EQ(journal->records().done(), 2U);
    EXPECT_TRUE(journal->records().find(2));
    EXPECT_FALSE(journal->records().find(1));
    journal->append(entry(1));
  }
  EXPECT_EQ(count_entries(dir / "zimage-journal.jsonl"), 3U);
  EXPECT_EQ(dir.entries(), 1U);
}

TEST(Journal, the_last_entry_of_an_image_holds) {
  const TempDir dir;
  Journal::create(dir.path(), header()).append(entry(0));
  JournalEntry failed = entry(0);
  failed.status = Status::failed;
  Journal::open(dir.path(), {})->append(failed);
  EXPECT_EQ(Journal::open(dir.path(), {})->records().find(0)->status, Status::failed);
}

// Wherever a crash can have cut it.
TEST(Journal, R4_a_torn_last_line_is_cut_off) {
  const TempDir whole;
  {
    Journal journal = Journal::create(whole.path(), header());
    journal.append(entry(0));
    journal.append(entry(1));
  }
  const std::string text = test::content_of(whole / "zimage-journal.jsonl");
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
    const bool is_near_an_end = text.substr(bytes - std::min<std::size_t>(bytes, 2), 4).find('\n') != std::string::npos;
    if (bytes % 41 != 0 && !is_near_an_end) continue;
    const TempDir dir;
    const auto path = dir.write("zimage-journal.jsonl", text.substr(0, bytes));
    auto journal = Journal::open(dir.path(), {});
    ASSERT_TRUE(journal);
    if (!journal->header()) journal->begin(header());
    for (const std::uint64_t index : {0, 1}) {
      if (!journal->records().find(index)) journal->append(entry(index));
    }
    EXPECT_EQ(test::content_of(path), text) << bytes;
  }
}

TEST(Journal, zeros_that_a_power_cut_leaves_are_a_torn_line) {
  const TempDir dir;
  Journal::create(dir.path(), header()).append(entry(0));
  const auto path = dir / "zimage-journal.jsonl";
  const std::string text = test::content_of(path);
  dir.write("zimage-journal.jsonl", text + std::string(4096, '\0'));
  Journal::open(dir.path(), {})->append(entry(1));
  EXPECT_EQ(test::content_of(path), text + to_line(entry(1)) + "\n");
}

class CorruptJournal : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(CorruptJournal, R29_is_refused_with_its_line) {
  const auto& [line, rule] = GetParam();
  const TempDir dir;
  dir.write("zimage-journal.jsonl", to_line(header()) + "\n" + line + "\n" + to_line(entry(0)) + "\n");
  test::expect_error(ErrorKind::io, {"zimage-journal.jsonl:2: ", rule}, [&] { Journal::open(dir.path(), {}); });
}

std::string changed(const std::string& from, const std::string& to) {
  std::string line = to_line(entry(0));
  return line.replace(line.find(from), from.size(), to);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, CorruptJournal,
    testing::Values(std::pair("", "byte 0"), std::pair("{", "byte"), std::pair("[]", "must be a JSON object"),
                    std::pair("{}", "index: must be a whole number"), std::pair(std::string("\0", 1), "byte"),
                    std::pair("\xff", "byte"), std::pair(to_line(header()), "index"),
                    std::pair(to_line(entry(0)) + to_line(entry(0)), "byte"),
                    std::pair(changed("\"index\":0", "\"index\":-1"), "index: must be a whole number"),
                    std::pair(changed("\"index\":0", "\"index\":\"0\""), "index: must be a whole number"),
                    std::pair(changed("\"width\":64", "\"width\":18446744073709551615"), "width: must be at most"),
                    std::pair(changed("\"done\"", "\"maybe\""), "status: must be done or failed"),
                    std::pair(changed("0.png", "../0.png"), "file: a file's name must not"),
                    std::pair(changed("aaaa", "AAAA"), "sha256: must be 64 hexadecimal digits"),
                    std::pair(changed("aaaa", "aaa"), "sha256: must be 64 hexadecimal digits"),
                    std::pair(changed("\"prompt\"", "\"promt\""), "prompt: must be a string")));

TEST(Journal, R29_one_of_another_kind_is_refused) {
  const TempDir dir;
  for (const std::string text : {"{\"a\":1}\n", "{\"zimage_journal\":2}\n", "\n", "a red circle\n"}) {
    dir.write("zimage-journal.jsonl", text);
    test::expect_error(ErrorKind::io, {"zimage-journal.jsonl:1: "}, [&] { Journal::open(dir.path(), {}); });
  }
}

TEST(Journal, R30_one_process_at_a_time_has_it) {
  const TempDir dir;
  const Journal journal = Journal::create(dir.path(), header());
  test::expect_error(ErrorKind::io, {"zimage-journal.jsonl: another run is working in this folder"},
                     [&] { Journal::open(dir.path(), {}); });
  test::expect_error(ErrorKind::io, {"zimage-journal.jsonl: cannot open: File exists"},
                     [&] { Journal::create(dir.path(), header()); });
}

TEST(Journal, shards_have_their_own) {
  const TempDir dir;
  JournalHeader first = header(), second = header();
  first.shard = {0, 2};
  second.shard = {1, 2};
  const Journal a = Journal::create(dir.path(), first), b = Journal::create(dir.path(), second);
  EXPECT_EQ(a.path(), dir / "zimage-journal-0-of-2.jsonl");
  EXPECT_EQ(journals_in(dir.path()).size(), 2U);
  test::expect_error(ErrorKind::io, {"zimage-journal-0-of-2.jsonl", "another --shard"},
                     [&] { Journal::open(dir.path(), {}); });
  test::expect_error(ErrorKind::io, {"another --shard"}, [&] { Journal::open(dir.path(), {0, 3}); });
}

TEST(Journal, X9_what_is_no_file_is_refused_at_once) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "zimage-journal.jsonl").c_str(), 0600), 0);
  test::expect_error(ErrorKind::io, {"zimage-journal.jsonl"}, [&] { Journal::open(dir.path(), {}); });
  std::filesystem::remove(dir / "zimage-journal.jsonl");
  std::filesystem::create_symlink(dir.write("elsewhere", ""), dir / "zimage-journal.jsonl");
  test::expect_error(ErrorKind::io, {"zimage-journal.jsonl"}, [&] { Journal::open(dir.path(), {}); });
}

TEST(Journal, a_changed_or_removed_image_is_named) {
  const TempDir dir;
  const Journal journal = [&] {
    Journal made = Journal::create(dir.path(), header());
    made.append(entry(0));
    made.append(entry(4));
    return made;
  }();
  Records records;
  records.add(entry(0), 2);
  records.add(entry(4), 3);
  records.check_same(entry(0).job, "p:3", journal.path());
  records.check_same(entry(1).job, "p:3", journal.path());
  Job changed = entry(4).job;
  changed.request.prompt = "other";
  test::expect_error(ErrorKind::usage, {"p:9: image 4", "zimage-journal.jsonl:3", "its prompt was a \"red\" circle\\n"},
                     [&] { records.check_same(changed, "p:9", journal.path()); });
  changed = entry(4).job;
  changed.file = "x.png";
  test::expect_error(ErrorKind::usage, {"its file was 4.png"},
                     [&] { records.check_same(changed, "p:9", journal.path()); });
  records.check_end(5, journal.path());
  test::expect_error(ErrorKind::usage, {"zimage-journal.jsonl:3: image 4 (4.png) was removed", "only 4 images"},
                     [&] { records.check_end(4, journal.path()); });
}

}  // namespace
}  // namespace zimage::batch
