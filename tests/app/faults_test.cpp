// A disk that fails while the picture is written: system calls made to fail by strace.
#include "app/expect_outcome.h"
#include "io/png.h"
#include "support/temp_dir.h"

#include <stdlib.h>

namespace zimage {
namespace {

using test::Outcome;
using test::TempDir;

// A container may forbid tracing.
bool can_inject() { return ::system("strace -qq -o /dev/null -e inject=fsync:error=EIO true 2>/dev/null") == 0; }

// Quiet, so that the first write of the process is the picture's.
Outcome run_with(const TempDir& dir, const std::string& fault, const std::vector<std::string>& more = {}) {
  test::Invocation invocation{
      {"generate", "--quiet", "--model", ZIMAGE_TEST_DATA "/parity/square", "--device", "cpu", "--prompt", "x",
       "--width", "32", "--height", "32", "--steps", "5", "--seed", "1", "--out", "x.png"},
      dir.path()};
  invocation.arguments.insert(invocation.arguments.end(), more.begin(), more.end());
  invocation.wrapper = {
      "strace",         "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + fault.substr(0, fault.find(':')), "-e",
      "inject=" + fault};
  return test::run_zimage(invocation);
}

struct Fault {
  std::string name, injection, words;
};

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, G5_no_picture_and_no_temporary_file) {
  if (!can_inject()) GTEST_SKIP() << "strace cannot trace here";
  const TempDir dir;
  test::expect_refused(run_with(dir, GetParam().injection), 4, {"x.png", GetParam().words});
  EXPECT_EQ(dir.entries(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Disk, Faults,
                         testing::Values(Fault{"R6_disk_full", "write:error=ENOSPC:when=1", "No space left"},
                                         Fault{"R7_write_fails", "write:error=EIO:when=1", "Input/output error"},
                                         Fault{"R8_sync_fails", "fsync:error=EIO:when=1", "cannot sync"},
                                         Fault{"R11_link_fails", "link,linkat:error=EACCES", "Permission denied"}),
                         [](const auto& info) { return info.param.name; });

TEST(FaultsOfAnOldFile, R11_it_stays_when_the_rename_fails) {
  if (!can_inject()) GTEST_SKIP() << "strace cannot trace here";
  const TempDir dir;
  dir.write("x.png", "old");
  test::expect_refused(run_with(dir, "rename,renameat,renameat2:error=EIO", {"--force"}), 4,
                       {"x.png", "cannot rename"});
  EXPECT_EQ(test::content_of(dir / "x.png"), "old");
  EXPECT_EQ(dir.entries(), 1U);
}

TEST(FaultsThatPass, R10_an_interrupted_write_goes_on) {
  if (!can_inject()) GTEST_SKIP() << "strace cannot trace here";
  const TempDir dir;
  test::expect_success(run_with(dir, "write:error=EINTR:when=1"));
  EXPECT_TRUE(io::read_png_metadata(test::content_of(dir / "x.png"), "x.png").has_value());
}

}  // namespace
}  // namespace zimage
