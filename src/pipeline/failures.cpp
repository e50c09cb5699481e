#include "pipeline/failures.h"

#include "zimage/error.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>

namespace zimage {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

ErrorKind kind_of(const std::string& message) {
  if (message.find("out of memory") != std::string::npos ||
      message.find("can't allocate memory") != std::string::npos) {
    return ErrorKind::memory;
  }
  const bool device = message.find("CUDA") != std::string::npos || message.find("cuDNN") != std::string::npos ||
                      message.find("CUBLAS") != std::string::npos;
  return device ? ErrorKind::device : ErrorKind::internal;
}

}  // namespace

void with_translated_failures(const std::function<void()>& work) {
  try {
    work();
  } catch (const c10::OutOfMemoryError& error) {
    throw Error(ErrorKind::memory, first_line(error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    const std::string line = first_line(error.what_without_backtrace());
    throw Error(kind_of(line), line);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::memory, "out of host memory");
  }
}

}  // namespace zimage
