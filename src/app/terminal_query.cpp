#include "app/terminal_query.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <string_view>

namespace zimage::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kQuestion = "\x1b[c";
constexpr milliseconds kPatience{500};  // the answer may come over a network
constexpr std::size_t kMaxAnswer = 256;

// The terminal with keys handed over at once and not shown, until the end.
class RawTerminal {
 public:
  RawTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    // A process in the background would be stopped for changing the terminal.
    if (descriptor_ < 0 || ::tcgetpgrp(descriptor_) != ::getpgrp()) return;
    if (::tcgetattr(descriptor_, &before_) != 0) return;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    is_raw_ = ::tcsetattr(descriptor_, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (is_raw_) ::tcsetattr(descriptor_, TCSANOW, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  bool is_raw() const { return is_raw_; }
  bool say(std::string_view text) const {
    return ::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  // 0: nothing more came in time.
  char next(milliseconds patience) const {
    pollfd ready{descriptor_, POLLIN, 0};
    char key = 0;
    if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return 0;
    return ::read(descriptor_, &key, 1) == 1 ? key : '\0';
  }

 private:
  int descriptor_;
  termios before_{};
  bool is_raw_ = false;
};

}  // namespace

std::string ask_device_attributes() {
  const RawTerminal terminal;
  std::string answer;
  if (!terminal.is_raw() || !terminal.say(kQuestion)) return answer;
  const auto end = steady_clock::now() + kPatience;
  while (answer.size() < kMaxAnswer && !answer.ends_with('c')) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
    if (left.count() <= 0) break;
    const char key = terminal.next(left);
    if (key == 0) break;
    answer += key;
  }
  return answer;
}

}  // namespace zimage::app
