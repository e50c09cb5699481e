#include "io/file.h"

#include "support/expect_error.h"
#include "support/temp_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace zimage::io {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::TempDir;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string read(const ReadFile& file, std::uint64_t offset, std::size_t count) {
  std::string out(count, '\0');
  file.read_at(offset, std::as_writable_bytes(std::span(out)));
  return out;
}

TEST(ReadFile, reads_anywhere_inside) {
  const TempDir dir;
  const ReadFile file(dir.write("f", "0123456789"));
  EXPECT_EQ(file.size(), 10U);
  EXPECT_EQ(read(file, 0, 10), "0123456789");
  EXPECT_EQ(read(file, 7, 3), "789");
  EXPECT_EQ(read(file, 10, 0), "");
}

TEST(ReadFile, S26_R14_a_file_that_ends_early_is_an_io_error) {
  const TempDir dir;
  const fs::path path = dir.write("f", "0123456789");
  const ReadFile file(path);
  expect_error(ErrorKind::io, {"f", "ends at byte 10"}, [&] { read(file, 8, 3); });
  fs::resize_file(path, 4);
  expect_error(ErrorKind::io, {"f", "ends at byte 4", "10 bytes when it was opened"}, [&] { read(file, 0, 10); });
}

TEST(ReadFile, R15_a_file_that_is_replaced_is_read_as_it_was_opened) {
  const TempDir dir;
  const fs::path path = dir.write("f", "0123456789");
  const ReadFile file(path);
  fs::rename(dir.write("other", "abc"), path);
  EXPECT_EQ(read(file, 0, 10), "0123456789");
}

TEST(ReadFile, missing_is_an_io_error) {
  const TempDir dir;
  expect_error(ErrorKind::io, {"gone", "No such file"}, [&] { ReadFile file(dir / "gone"); });
}

TEST(ReadFile, X9_only_regular_files) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  fs::create_symlink("fifo", dir / "link");
  for (const fs::path& path : {dir / "fifo", dir / "link", dir.path(), fs::path("/dev/zero")}) {
    expect_error(ErrorKind::model, {"not a regular file"}, [&] { ReadFile file(path); });
  }
  expect_error(ErrorKind::usage, {"not a regular file"}, [&] { ReadFile file(dir.path(), ErrorKind::usage); });
}

TEST(ReadFile, can_be_moved) {
  const TempDir dir;
  ReadFile a(dir.write("a", "aaa"));
  ReadFile b(dir.write("b", "bb"));
  a = std::move(b);
  const ReadFile c(std::move(a));
  EXPECT_EQ(read(c, 0, 2), "bb");
  EXPECT_EQ(c.size(), 2U);
}

TEST(ReadWhole, content_and_bound) {
  const TempDir dir;
  const fs::path path = dir.write("f", "12345");
  EXPECT_EQ(read_whole(path, 5), "12345");
  expect_error(ErrorKind::model, {"f", "5 bytes", "4"}, [&] { read_whole(path, 4); });
  expect_error(ErrorKind::usage, {"f"}, [&] { read_whole(path, 4, ErrorKind::usage); });
}

TEST(ReadLarge, content_in_huge_pages_and_bound) {
  const TempDir dir;
  std::string content(3 << 20, 'a');  // more than a huge page
  content.back() = 'z';
  const fs::path path = dir.write("f", content);
  const HugeVector<char> read = read_large(path, content.size());
  EXPECT_TRUE(std::equal(read.begin(), read.end(), content.begin(), content.end()));
  expect_error(ErrorKind::model, {"f", "3145728 bytes", "3145727"}, [&] { read_large(path, content.size() - 1); });
  EXPECT_TRUE(read_large(dir.write("empty", ""), 1).empty());
}

class WriteAtomically : public testing::Test {
 protected:
  // Both the early check and the write itself refuse, and nothing is left in the folder.
  void expect_refused(const fs::path& path, Overwrite overwrite, const std::string& rule) {
    const std::size_t before = dir_.entries();
    expect_error(ErrorKind::io, {rule}, [&] { check_writable(path, overwrite); });
    expect_error(ErrorKind::io, {rule}, [&] { write_atomically(path, bytes_of("new"), overwrite); });
    EXPECT_EQ(dir_.entries(), before);
  }
  const TempDir dir_;
};

TEST_F(WriteAtomically, writes_exactly_one_file) {
  write_atomically(dir_ / "out.png", bytes_of("content"), Overwrite::no);
  EXPECT_EQ(test::content_of(dir_ / "out.png"), "content");
  write_atomically(dir_ / "empty", {}, Overwrite::no);
  EXPECT_EQ(fs::file_size(dir_ / "empty"), 0U);
  EXPECT_EQ(dir_.entries(), 2U);
}

TEST_F(WriteAtomically, overwrites_only_when_told) {
  write_atomically(dir_ / "f", bytes_of("longer content"), Overwrite::no);
  write_atomically(dir_ / "f", bytes_of("short"), Overwrite::yes);
  EXPECT_EQ(test::content_of(dir_ / "f"), "short");
  EXPECT_EQ(dir_.entries(), 1U);
}

TEST_F(WriteAtomically, A11_missing_parent) {
  expect_refused(dir_ / "gone" / "f", Overwrite::yes, "No such file or directory");
  expect_refused(dir_.write("file", "") / "f", Overwrite::yes, "not a directory");
  EXPECT_FALSE(fs::exists(dir_ / "gone"));
}

TEST_F(WriteAtomically, A12_read_only_directory) {
  // Root writes anywhere, so it becomes another user meanwhile.
  const uid_t user = ::geteuid();
  fs::permissions(dir_.path(), fs::perms(0555));
  ASSERT_EQ(::seteuid(user == 0 ? 65534 : user), 0);
  expect_refused(dir_ / "f", Overwrite::no, "not writable");
  ASSERT_EQ(::seteuid(user), 0);
  fs::permissions(dir_.path(), fs::perms(0755));
}

TEST_F(WriteAtomically, A13_a_directory_of_that_name) {
  fs::create_directory(dir_ / "d");
  fs::create_directory_symlink("d", dir_ / "link");
  expect_refused(dir_ / "d", Overwrite::yes, "is a directory");
  expect_refused(dir_ / "link", Overwrite::yes, "is a directory");
  expect_refused(dir_ / "d" / "", Overwrite::yes, "names no file");
}

TEST_F(WriteAtomically, A14_an_existing_file) {
  dir_.write("f", "old");
  fs::create_symlink("nowhere", dir_ / "dangling");
  expect_refused(dir_ / "f", Overwrite::no, "already exists");
  expect_refused(dir_ / "dangling", Overwrite::no, "already exists");
  EXPECT_EQ(test::content_of(dir_ / "f"), "old");
}

TEST_F(WriteAtomically, a_fifo_is_not_replaced) {
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  expect_refused(dir_ / "fifo", Overwrite::yes, "not a regular file");
}

TEST_F(WriteAtomically, A15_name_too_long) {
  expect_refused(dir_ / std::string(256, 'n'), Overwrite::no, "File name too long");
  const std::string longest(255, 'n');
  write_atomically(dir_ / longest, bytes_of("x"), Overwrite::no);
  EXPECT_TRUE(fs::exists(dir_ / longest));
}

}  // namespace
}  // namespace zimage::io
