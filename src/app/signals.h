// Ctrl-C and a request to end, as a flag that the work asks for between steps.
#pragma once

namespace zimage::app {

// From here on SIGINT and SIGTERM set a flag; a second one ends the process at once with 128 + its number.
void watch_signals();

// The first signal that came, or 0.
int received_signal();

// Throws Cancelled if a signal came.
void stop_if_signalled();

// While one lives, a second signal does not end the process either: a file that is being written gets finished, or its
// temporary file removed. The destructor then ends it. Masks would not do, other threads take the signal.
class SignalsDeferred {
 public:
  SignalsDeferred();
  ~SignalsDeferred();
  SignalsDeferred(const SignalsDeferred&) = delete;
  SignalsDeferred& operator=(const SignalsDeferred&) = delete;
};

}  // namespace zimage::app
