#include "pipeline/failures.h"

#include "zimage/error.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>

namespace zimage {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// What stands between the two, or nothing.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t found = text.find(before);
  if (found == std::string::npos) return "";
  const std::size_t from = found + before.size(), to = text.find(after, from);
  return to == std::string::npos ? "" : text.substr(from, to - from);
}

// The allocator's paragraph in one line: "out of memory on GPU 0: 62.00 MiB asked, 13.56 MiB of 139.80 GiB free".
std::string short_of_memory(const std::string& line) {
  const std::string asked = between(line, "Tried to allocate ", ". "), gpu = between(line, "GPU ", " has a total"),
                    total = between(line, "capacity of ", " of which"), free = between(line, "of which ", " is free");
  if (asked.empty() || gpu.empty() || total.empty() || free.empty()) return line;
  return "out of memory on GPU " + gpu + ": " + asked + " asked, " + free + " of " + total + " free";
}

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
    throw Error(ErrorKind::memory, short_of_memory(first_line(error.what_without_backtrace())));
  } catch (const c10::Error& error) {
    const std::string line = first_line(error.what_without_backtrace());
    throw Error(kind_of(line), line);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::memory, "out of host memory");
  }
}

}  // namespace zimage
