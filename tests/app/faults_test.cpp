// A disk that fails while the model is read or the picture written: system calls made to fail by strace.
#include "app/expect_outcome.h"
#include "io/png.h"
#include "support/temp_dir.h"

#include <stdlib.h>

#include <fstream>
#include <map>
#include <stdexcept>

namespace zimage {
namespace {

using test::Outcome;
using test::TempDir;

// A container may forbid tracing.
bool can_inject() { return ::system("strace -qq -o /dev/null -e inject=fsync:error=EIO true 2>/dev/null") == 0; }

const std::string kModel = ZIMAGE_TEST_DATA "/parity/square";

// Quiet, so that the first write of the process is the picture's.
test::Invocation drawing(const TempDir& dir) {
  return {{"generate", "--quiet", "--model", kModel, "--device", "cpu", "--prompt", "x", "--width", "32", "--height",
           "32", "--steps", "5", "--seed", "1", "--out", "x.png"},
          dir.path()};
}

Outcome run_with(const TempDir& dir, const std::string& fault, const std::vector<std::string>& more = {}) {
  test::Invocation invocation = drawing(dir);
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
#ifdef ZIMAGE_SANITIZED
  if (GetParam().injection.starts_with("write")) GTEST_SKIP() << "the sanitizers' own writes would fail";
#endif
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

// How many files a thread has closed when it closes the picture: the loader's come first, and must not fail.
int closes_until_the_picture() {
  const TempDir dir, log;
  test::Invocation invocation = drawing(dir);
  invocation.wrapper = {"strace", "-f", "-y", "-qq", "-o", (log / "log").string(), "-e", "trace=close"};
  test::expect_success(test::run_zimage(invocation));
  std::ifstream lines(log / "log");
  std::map<std::string, int> closes;
  for (std::string line; std::getline(lines, line);) {
    const std::string thread = line.substr(0, line.find(' '));
    if (line.find(" close(") == std::string::npos) continue;
    ++closes[thread];
    if (line.find(".tmp>") != std::string::npos) return closes[thread];
  }
  throw std::runtime_error("no picture was closed");
}

TEST(FaultsOfTheLastCall, R9_close_fails) {
  if (!can_inject()) GTEST_SKIP() << "strace cannot trace here";
  const TempDir dir;
  // From a few before, whose failure harms nobody, so that one more or less makes no difference.
  const int first = closes_until_the_picture() - 3;
  test::expect_refused(run_with(dir, "close:error=EIO:when=" + std::to_string(first) + "+"), 4,
                       {"x.png", "cannot close"});
  EXPECT_EQ(dir.entries(), 0U);
}

// --- the model's folder ----------------------------------------------------------------------------------------------

struct ModelFault {
  std::string name, file, injection, words;
};

class FaultsOfTheModel : public testing::TestWithParam<ModelFault> {};

Outcome run_with_model_fault(const TempDir& dir, const std::string& file, const std::string& fault) {
  test::Invocation invocation = drawing(dir);
  invocation.wrapper = {"strace", "-f", "-qq", "-o", "/dev/null", "-P", kModel + "/" + file};
  for (const std::string& word : {"trace=" + fault.substr(0, fault.find(':')), "inject=" + fault}) {
    invocation.wrapper.insert(invocation.wrapper.end(), {"-e", word});
  }
  return test::run_zimage(invocation);
}

TEST_P(FaultsOfTheModel, are_one_line_that_names_the_file) {
  if (!can_inject()) GTEST_SKIP() << "strace cannot trace here";
  const TempDir dir;
  const ModelFault& fault = GetParam();
  test::expect_refused(run_with_model_fault(dir, fault.file, fault.injection), 4, {fault.file, fault.words});
  EXPECT_EQ(dir.entries(), 0U);
}

const std::string kShard = "transformer/diffusion_pytorch_model-00002-of-00003.safetensors";

INSTANTIATE_TEST_SUITE_P(
    Disk, FaultsOfTheModel,
    testing::Values(ModelFault{"R16_config_read_fails", "transformer/config.json", "pread64:error=EIO", "cannot read"},
                    ModelFault{"R16_shard_read_fails", kShard, "pread64:error=EIO:when=2", "cannot read"},
                    ModelFault{"R16_vocabulary_open_fails", "tokenizer/tokenizer.json", "openat:error=EIO", "open"},
                    ModelFault{"R14_shard_ends_early", kShard, "pread64:retval=0:when=2", "ends at byte"},
                    ModelFault{"R13_no_descriptors_left", kShard, "openat:error=EMFILE", "Too many open files"}),
    [](const auto& info) { return info.param.name; });

TEST(FaultsThatPass, R10_an_interrupted_read_goes_on) {
  if (!can_inject()) GTEST_SKIP() << "strace cannot trace here";
  const TempDir dir;
  test::expect_success(run_with_model_fault(dir, kShard, "pread64:error=EINTR:when=1+2"));
}

#ifdef ZIMAGE_SHORT_IO
TEST(FaultsThatPass, R10_reads_and_writes_in_pieces_make_the_same_picture) {
  const TempDir whole, pieces;
  test::expect_success(test::run_zimage(drawing(whole)));
  test::Invocation invocation = drawing(pieces);
  invocation.environment["LD_PRELOAD"] = ZIMAGE_SHORT_IO;
  test::expect_success(test::run_zimage(invocation));
  EXPECT_EQ(test::content_of(pieces / "x.png"), test::content_of(whole / "x.png"));
}
#endif

}  // namespace
}  // namespace zimage
