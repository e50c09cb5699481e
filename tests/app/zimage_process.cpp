#include "app/zimage_process.h"

#include "support/temp_dir.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace zimage::test {
namespace {

using std::chrono::milliseconds;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::vector<std::string> command_of(const Invocation& invocation) {
  std::vector<std::string> command = invocation.wrapper;
  command.push_back(invocation.executable.string());
  command.insert(command.end(), invocation.arguments.begin(), invocation.arguments.end());
  return command;
}

// What the user's own settings are: where things lie, the language, the colours.
bool is_of_the_user(const std::string& name) {
  static const std::set<std::string> names{"ZIMAGE_MODEL", "XDG_CONFIG_HOME", "HOME",        "LANG",
                                           "LANGUAGE",     "LC_ALL",          "LC_MESSAGES", "NO_COLOR"};
  return names.count(name) > 0;
}

std::vector<std::string> environment_of(const Invocation& invocation) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::string name = text.substr(0, text.find('='));
    if (!is_of_the_user(name) && invocation.environment.count(name) == 0) variables.push_back(text);
  }
  for (const auto& [name, value] : invocation.environment) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

pid_t spawn(const Invocation& invocation, const std::filesystem::path& output) {
  posix_spawn_file_actions_t actions;
  check(::posix_spawn_file_actions_init(&actions), "actions");
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (output / "out").c_str(), kWrite, 0600);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (output / "err").c_str(), kWrite, 0600);
  ::posix_spawn_file_actions_addchdir_np(&actions, invocation.directory.c_str());
  std::vector<std::string> command = command_of(invocation);
  std::vector<std::string> environment = environment_of(invocation);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, command[0].c_str(), &actions, nullptr, pointers(command).data(),
                                   pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  check(error, command[0].c_str());
  return pid;
}

std::filesystem::path make_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "zimage-output-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  return name;
}

}  // namespace

ZimageProcess::ZimageProcess(const Invocation& invocation)
    : output_directory_(make_directory()), pid_(spawn(invocation, output_directory_)), start_(now()) {}

ZimageProcess::~ZimageProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(output_directory_, ignored);
}

bool ZimageProcess::has_ended() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
}

bool ZimageProcess::wait_for_message(const std::string& text) {
  for (const double end = now() + 60; now() < end; std::this_thread::sleep_for(milliseconds(10))) {
    const bool ended = has_ended();
    if (content_of(output_directory_ / "err").find(text) != std::string::npos) return true;
    if (ended) return false;
  }
  return false;
}

void ZimageProcess::send(int signal) const { ::kill(pid_, signal); }

Outcome ZimageProcess::wait() {
  int status = 0;
  rusage usage{};
  if (::wait4(pid_, &status, 0, &usage) != pid_) throw std::runtime_error("wait4");
  pid_ = -1;
  Outcome outcome{.seconds = now() - start_,
                  .cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
                  .peak_rss_kib = usage.ru_maxrss};
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  outcome.out = content_of(output_directory_ / "out");
  outcome.err = content_of(output_directory_ / "err");
  return outcome;
}

Outcome run_zimage(const Invocation& invocation) { return ZimageProcess(invocation).wait(); }

}  // namespace zimage::test
