#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace zimage::app {
namespace {

std::string_view environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool is_terminal(int descriptor) { return ::isatty(descriptor) != 0 && environment("TERM") != "dumb"; }

bool wants_colours() { return is_terminal(STDERR_FILENO) && environment("NO_COLOR").empty(); }

TerminalSize terminal_size(int descriptor) {
  TerminalSize size;
  winsize window{};
  if (::ioctl(descriptor, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) return size;
  size.columns = window.ws_col;
  size.rows = window.ws_row;
  size.width = window.ws_xpixel;
  size.height = window.ws_ypixel;
  return size;
}

}  // namespace zimage::app
