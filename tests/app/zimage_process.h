// Runs the executable as a user does, and keeps what it said and how it ended.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace zimage::test {

struct Invocation {
  std::vector<std::string> arguments;
  std::filesystem::path directory;                   // where it runs
  std::map<std::string, std::string> environment{};  // beside the test's own, without the user's settings
  std::filesystem::path executable = ZIMAGE_EXECUTABLE;
  std::vector<std::string> wrapper = {};  // a command that runs the executable, e.g. {"strace", "-f"}
};

struct Outcome {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  std::string out, err;
  double seconds = 0;      // until it ended
  double cpu_seconds = 0;  // of all its threads: what other work on the machine leaves as it is
  long peak_rss_kib = 0;
};

Outcome run_zimage(const Invocation& invocation);

// A run that is still going on; its output is readable meanwhile. The destructor kills what is left.
class ZimageProcess {
 public:
  explicit ZimageProcess(const Invocation& invocation);
  ~ZimageProcess();
  ZimageProcess(const ZimageProcess&) = delete;
  ZimageProcess& operator=(const ZimageProcess&) = delete;

  // Waits until standard error holds the text; false after a minute or when the process has ended without it.
  bool wait_for_message(const std::string& text);
  void send(int signal) const;
  Outcome wait();

 private:
  bool has_ended() const;

  std::filesystem::path output_directory_;
  pid_t pid_ = -1;
  double start_ = 0;
};

}  // namespace zimage::test
