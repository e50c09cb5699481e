#include "app/signals.h"

#include "zimage/pipeline.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace zimage::app {
namespace {

// A signal handler reaches nothing but static storage.
std::atomic<int> first_signal = 0;
std::atomic<bool> deferred = false;
std::atomic<int> second_signal = 0;  // that came while deferred
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void on_signal(int number) {
  int none = 0;
  const bool first = first_signal.compare_exchange_strong(none, number);
  if (first) return;
  if (!deferred) ::_exit(128 + number);
  second_signal = number;
}

}  // namespace

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
}

int received_signal() { return first_signal; }

void stop_if_signalled() {
  if (received_signal() != 0) throw Cancelled{};
}

SignalsDeferred::SignalsDeferred() { deferred = true; }
SignalsDeferred::~SignalsDeferred() {
  deferred = false;
  if (second_signal != 0) ::_exit(128 + second_signal);
}

}  // namespace zimage::app
