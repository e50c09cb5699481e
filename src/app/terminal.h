// What the terminal is like, as far as the system and the environment tell.
#pragma once

namespace zimage::app {

// That shows colours and moves the cursor: a dumb one counts as none.
bool is_terminal(int descriptor);

// Standard error is a terminal, and nobody has asked for no colours (https://no-color.org).
bool wants_colours();

// Nothing known: 80 by 24 cells, pixels 0.
struct TerminalSize {
  int columns = 80, rows = 24;
  int width = 0, height = 0;  // pixels of the whole; 0: unknown
};
TerminalSize terminal_size(int descriptor);

}  // namespace zimage::app
