#include "app/error_event.h"

namespace zimage::app {
namespace {

const char* kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::internal:
      break;
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::model:
      return "model";
    case ErrorKind::io:
      return "io";
    case ErrorKind::memory:
      return "memory";
    case ErrorKind::device:
      return "device";
    case ErrorKind::numeric:
      return "numeric";
  }
  return "internal";
}

}  // namespace

Failure failure_of(const Error& error) {
  return {static_cast<int>(error.kind()), kind_name(error.kind()), error.what()};
}

log::Event error_event(const Failure& failure) {
  return {"error", failure.line, {{"code", std::int64_t{failure.code}}, {"kind", failure.kind}}};
}

log::Event error_event(const Error& error, const std::string& line) {
  Failure failure = failure_of(error);
  failure.line = line;
  return error_event(failure);
}

}  // namespace zimage::app
