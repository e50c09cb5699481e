// What ended a run, or made it lack an image, as an event of the log.
#pragma once

#include "zimage/error.h"

#include "base/log_event.h"

#include <string>

namespace zimage::app {

struct Failure {
  int code = 1;      // the exit code
  std::string kind;  // in one word
  std::string line;
};

Failure failure_of(const Error& error);

log::Event error_event(const Failure& failure);
// line: what() with what it is about before it.
log::Event error_event(const Error& error, const std::string& line);

}  // namespace zimage::app
