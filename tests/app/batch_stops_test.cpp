// Batches that are stopped: by a signal, by force, by another run; and that go on to the same bytes.
#include "app/batch_process.h"
#include "batch/journal.h"
#include "support/temp_dir.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

namespace zimage {
namespace {

using test::TempDir;

void write_list(const TempDir& dir, int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += "prompt " + std::to_string(i) + "\n";
  dir.write("p.txt", text);
}

test::Invocation run_into(const TempDir& dir, const std::string& folder) {
  return test::batch_invocation(dir, {"--prompts", "p.txt", "--seed", "1", "--out-dir", folder});
}

std::size_t entries_in(const std::filesystem::path& journal) {
  std::size_t entries = 0;
  batch::read_journal_file(journal, [&](const batch::JournalEntry&, std::size_t) { ++entries; });
  return entries;
}

class Stopped : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(Stopped, R1_R3_the_image_in_flight_is_finished_and_the_rest_comes_later) {
  const auto [signal, exit_code] = GetParam();
  const TempDir dir;
  write_list(dir, 400);
  test::ZimageProcess process(run_into(dir, "out"));
  ASSERT_TRUE(process.wait_for_message(": image 2,"));
  process.send(signal);
  const test::Outcome outcome = process.wait();
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  const std::size_t drawn = test::pictures_in(dir / "out").size();
  EXPECT_GE(drawn, 3U);
  EXPECT_LT(drawn, 400U);
  EXPECT_EQ(entries_in(dir / "out/zimage-journal.jsonl"), drawn);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir / "out"), {}), static_cast<long>(drawn) + 1)
      << "something else was left behind";
}

INSTANTIATE_TEST_SUITE_P(Signals, Stopped, testing::Values(std::pair(SIGINT, 130), std::pair(SIGTERM, 143)));

TEST(BatchStops, R1_a_signal_ends_the_wait_for_a_pipe) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  const int pipe = ::open((dir / "pipe").c_str(), O_RDWR | O_CLOEXEC);  // so that it has no end
  ASSERT_EQ(::write(pipe, "a\n", 2), 2);
  test::Invocation invocation = test::batch_invocation(dir, {"--prompts", "-"});
  invocation.wrapper = {"sh", "-c", "exec \"$@\" < pipe", "sh"};
  test::ZimageProcess process(invocation);
  EXPECT_TRUE(process.wait_for_message(": image 0,"));
  process.send(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 130);
  EXPECT_EQ(test::pictures_in(dir / "out").size(), 1U);
  ::close(pipe);
}

TEST(BatchStops, R30_a_second_run_in_the_folder_is_refused) {
  const TempDir dir;
  write_list(dir, 400);
  test::ZimageProcess first(run_into(dir, "out"));
  ASSERT_TRUE(first.wait_for_message(": image 0,"));
  test::expect_refused(test::run_zimage(run_into(dir, "out")), 4,
                       {"out/zimage-journal.jsonl: another run is working in this folder"});
  first.send(SIGINT);
  EXPECT_EQ(first.wait().exit_code, 130);
}

TEST(BatchStops, R2_R4_G6_twenty_kills_give_the_same_files) {
  const TempDir dir;
  write_list(dir, 60);
  test::expect_success(test::run_zimage(run_into(dir, "whole")));
  std::mt19937 random(1);  // NOLINT: the same each time
  for (int kill = 0; kill < 20; ++kill) {
    test::ZimageProcess process(run_into(dir, "out"));
    if (!process.wait_for_message(": image ")) break;  // all are there
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
    process.send(kill % 4 == 0 ? SIGINT : SIGKILL);
    if (kill % 4 == 0) process.send(SIGINT);
    process.wait();
    for (const auto& [name, content] : test::contents_of(dir / "out")) {
      EXPECT_EQ(content, test::content_of(dir / "whole" / name)) << name << " after kill " << kill;
    }
  }
  test::expect_success(test::run_zimage(run_into(dir, "out")));
  EXPECT_EQ(test::contents_of(dir / "out"), test::contents_of(dir / "whole"));
}

}  // namespace
}  // namespace zimage
