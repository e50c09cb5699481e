// Pictures and journal on the writer's thread.
#include "batch/writer.h"

#include "io/png.h"
#include "io/sha256.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

namespace zimage::batch {
namespace {

using test::TempDir;

Picture picture(std::uint64_t index) {
  Picture picture;
  picture.entry.job = {index, 1, {}, std::to_string(index) + ".png"};
  picture.entry.job.request.prompt = "a";
  picture.entry.job.request.seed = index;
  picture.entry.status = Status::done;
  picture.image = {16, 16, std::vector<std::uint8_t>(16 * 16 * 3, static_cast<std::uint8_t>(index))};
  picture.text.json = "{\"prompt\":\"a\",\"seed\":" + std::to_string(index) + "}";
  return picture;
}

TEST(Writer, G5_pictures_are_there_when_their_entries_are) {
  const TempDir dir;
  Journal journal = Journal::create(dir.path(), {});
  std::vector<std::uint64_t> written;
  WriterHooks hooks;
  hooks.on_written = [&](const JournalEntry& entry) {
    EXPECT_TRUE(std::filesystem::exists(dir / entry.job.file));
    written.push_back(entry.job.index);
  };
  Writer writer(journal, dir.path(), hooks);
  for (std::uint64_t i = 0; i < 20; ++i) writer.push(picture(i));
  writer.finish();
  ASSERT_EQ(written.size(), 20U);
  EXPECT_TRUE(std::is_sorted(written.begin(), written.end()));
  Records records;
  read_journal_file(journal.path(), [&](const JournalEntry& e, std::size_t line) { records.add(e, line); });
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto path = dir / (std::to_string(i) + ".png");
    EXPECT_TRUE(is_complete(path, *records.find(i)));
    EXPECT_TRUE(is_picture_of(path, picture(i).entry.job));
    EXPECT_FALSE(is_picture_of(path, picture(i + 1).entry.job));
  }
  EXPECT_EQ(dir.entries(), 21U);
}

TEST(Writer, what_was_pushed_is_written_at_its_end) {
  const TempDir dir;
  Journal journal = Journal::create(dir.path(), {});
  {
    Writer writer(journal, dir.path(), {});
    for (std::uint64_t i = 0; i < 3; ++i) writer.push(picture(i));
  }
  EXPECT_EQ(dir.entries(), 4U);
}

TEST(Writer, a_slow_disk_makes_the_caller_wait) {
  const TempDir dir;
  Journal journal = Journal::create(dir.path(), {});
  std::atomic<std::size_t> pushed = 0, most = 0, done = 0;
  WriterHooks hooks;
  hooks.guard = [&](const auto& write) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    most = std::max<std::size_t>(most, pushed - done);
    write();
    ++done;
  };
  Writer writer(journal, dir.path(), hooks);
  for (std::uint64_t i = 0; i < 20; ++i, ++pushed) writer.push(picture(i));
  writer.finish();
  EXPECT_GE(most, 2U);
  EXPECT_LE(most, Writer::kQueued + 1);
}

TEST(Writer, A14_a_file_that_is_there_stops_it_and_stays) {
  const TempDir dir;
  Journal journal = Journal::create(dir.path(), {});
  dir.write("1.png", "mine");
  Writer writer(journal, dir.path(), {});
  writer.push(picture(0));
  writer.push(picture(1));
  test::expect_error(ErrorKind::io, {"1.png", "already exists"}, [&] { writer.finish(); });
  test::expect_error(ErrorKind::io, {"1.png", "already exists"}, [&] { writer.push(picture(2)); });
  EXPECT_EQ(test::content_of(dir / "1.png"), "mine");
  EXPECT_FALSE(std::filesystem::exists(dir / "2.png"));
  EXPECT_FALSE(is_picture_of(dir / "1.png", picture(1).entry.job));
}

TEST(Writer, a_failed_image_has_an_entry_and_no_file) {
  const TempDir dir;
  Journal journal = Journal::create(dir.path(), {});
  Picture failed = picture(0);
  failed.entry.status = Status::failed;
  failed.entry.error = "not finite";
  Writer writer(journal, dir.path(), {});
  writer.push(std::move(failed));
  writer.finish();
  EXPECT_EQ(dir.entries(), 1U);
  EXPECT_NE(test::content_of(journal.path()).find("\"error\":\"not finite\""), std::string::npos);
}

TEST(Complete, means_the_same_bytes) {
  const TempDir dir;
  JournalEntry entry = picture(0).entry;
  entry.bytes = 3;
  entry.sha256 = io::hex(io::sha256("abc"));
  Records records;
  records.add(entry, 2);
  const auto path = dir / "0.png";
  EXPECT_FALSE(is_complete(path, *records.find(0)));
  dir.write("0.png", "abc");
  EXPECT_TRUE(is_complete(path, *records.find(0)));
  dir.write("0.png", "abd");
  EXPECT_FALSE(is_complete(path, *records.find(0)));
  dir.write("0.png", "abcd");
  EXPECT_FALSE(is_complete(path, *records.find(0)));
  entry.status = Status::failed;
  records.add(entry, 3);
  dir.write("0.png", "abc");
  EXPECT_FALSE(is_complete(path, *records.find(0)));
}

}  // namespace
}  // namespace zimage::batch
