#include "base/log_file.h"

#include "zimage/error.h"

#include "base/text.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace zimage::log {
namespace {

std::string refusal(const std::filesystem::path& file, const char* action, int error) {
  return "--log-file " + printable(file.native()) + ": " + action + ": " + std::generic_category().message(error);
}

// A pipe that nobody reads is refused instead of waited for.
int open_to_append(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
  if (descriptor < 0) throw Error(ErrorKind::io, refusal(file, "cannot open", errno));
  return descriptor;
}

// The error number, or 0.
int write_whole(int descriptor, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(descriptor, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
  return 0;
}

}  // namespace

FileSink::FileSink(const std::filesystem::path& file) : file_(file), descriptor_(open_to_append(file)) {}

FileSink::~FileSink() { ::close(descriptor_); }

void FileSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  const int error = write_whole(descriptor_, line.data(), line.size());
  if (error == 0 || has_failed_) return;
  has_failed_ = true;
  throw spdlog::spdlog_ex(refusal(file_, "cannot write", error));
}

}  // namespace zimage::log
